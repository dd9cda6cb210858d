"""Every setting and every limit of the service, read from `OGIVE_*` in the environment."""

from __future__ import annotations

from service.settings.environment import PREFIX, SECRETS, TEST_PREFIX, Environment
from service.settings.identity import Identity
from service.settings.limits import Limits
from service.settings.parts import Parts
from service.settings.serving import Lasting, Listening

__all__ = ["PREFIX", "SECRETS", "TEST_PREFIX", "Settings"]


# Fields come in the order of the bases from the last to the first: that of the README's table.
class Settings(Limits, Listening, Identity, Lasting, Parts, Environment):
    """How one Ogive runs. Arguments go before the environment, and that before files that it names.

    Raises:
        pydantic.ValidationError: a value is malformed, or the environment holds an `OGIVE_` name that is no
            setting (`OGIVE_TEST_*` are the tests').
    """
