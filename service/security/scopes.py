"""What callers may do, as scopes of which each holds those below it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """What a caller may do."""

    read = "read"
    """Ask for series, search and read products, see what a job costs and how far one is"""
    run = "run"
    """Start jobs, and dismiss one's own"""
    admin = "admin"
    """All that, with the jobs of everybody"""


Scopes = frozenset[Scope]
NOTHING: Scopes = frozenset()
EVERYTHING: Scopes = frozenset(Scope)
_ORDER = tuple(Scope)


def with_lower(scopes: Iterable[Scope]) -> Scopes:
    """The scopes, and those that they hold."""
    highest = max((_ORDER.index(scope) for scope in scopes), default=-1)
    return frozenset(_ORDER[: highest + 1])


def parse(text: str) -> Scopes:
    """Scopes written by comma, with those that they hold; `none` for none.

    Raises:
        ValueError: one of them is none.
    """
    names = [name.strip() for name in text.split(",")]
    if names == ["none"]:
        return NOTHING
    if wrong := [name for name in names if name not in _ORDER]:
        raise ValueError(f"{wrong[0]!r} is no scope; these are {', '.join(_ORDER)}, by comma, or none")
    return with_lower(map(Scope, names))
