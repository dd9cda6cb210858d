"""The command line run in the process of a test: its exit code, stdout and stderr."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

import pytest

from service.cli import exit_code
from service.settings import PREFIX, TEST_PREFIX


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def settings_of_the_environment() -> list[str]:
    """Names of the variables that would change what a command does."""
    return [name for name in os.environ if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX)]


@pytest.fixture
def ogive(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Runs the words of a command line, with no settings from the environment."""
    for name in settings_of_the_environment():
        monkeypatch.delenv(name)

    def run(*arguments: str) -> Ran:
        code = exit_code(arguments)
        return Ran(code, *capsys.readouterr())

    return run
