"""Where settings are read from: `OGIVE_*` in the environment, and the files that it names."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.security.keys import VARIABLE

PREFIX = "OGIVE_"
TEST_PREFIX = "OGIVE_TEST_"
SECRETS = ("database", "callback_secret", "admin_key")
"""What may stand in a file that `OGIVE_..._FILE` names, so that no list of containers shows it"""


class Environment(BaseSettings):
    """Settings that stand in the environment, and in nothing there that is none.

    Raises:
        pydantic.ValidationError: a value is malformed, or the environment holds an `OGIVE_` name that is no
            setting (`OGIVE_TEST_*` are the tests').
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _only_known_names(cls, values: dict) -> dict:
        if problems := list(_unknown_names(os.environ, cls)):
            raise ValueError(" ".join(problems))
        return dict(_read_files(os.environ)) | values


def _read_files(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What files hold that the environment names in the place of a secret."""
    for name in SECRETS:
        variable = f"{PREFIX}{name.upper()}_FILE"
        if variable in environment:
            try:
                yield name, Path(environment[variable]).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{variable} names a file that cannot be read: {error}.") from error


def _unknown_names(environment: Mapping[str, str], settings: type[Environment]) -> Iterator[str]:
    known = [name.upper() for name in (*settings.model_fields, *(f"{secret}_file" for secret in SECRETS))]
    for name in sorted(environment):
        upper = name.upper()
        short = upper.removeprefix(PREFIX)
        if upper.startswith(PREFIX) and not upper.startswith((TEST_PREFIX, VARIABLE)) and short not in known:
            near = difflib.get_close_matches(short, known, n=1)
            names = ", ".join(f"{PREFIX}{other}" for other in known)
            hint = f"did you mean {PREFIX}{near[0]}?" if near else f"the settings are {names}."
            yield f"{name} is no setting of Ogive; {hint}"
