"""On whose behalf something is done: carried from the request through Dask to the task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Occasion:
    """Small and picklable: it travels with each task."""

    request_id: str | None = None
    job_id: str | None = None
    shard: int | None = None
    traceparent: str | None = None
    """Of the span that caused it, as W3C Trace Context writes it"""

    @property
    def trace_id(self) -> str | None:
        """The trace, 32 hex digits."""
        return None if self.traceparent is None else self.traceparent.split("-")[1]


_NOBODY = Occasion()
_current: ContextVar[Occasion] = ContextVar("occasion", default=_NOBODY)


def current() -> Occasion:
    """The occasion of whatever runs here."""
    return _current.get()


@contextmanager
def on_behalf(**known: Any) -> Iterator[None]:
    """Within the block more is known of the occasion, by the names of its fields."""
    token = _current.set(replace(_current.get(), **known))
    try:
        yield
    finally:
        _current.reset(token)


def carried(occasion: Occasion, function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function in this process as part of an occasion that began in another; Dask is given this."""
    token = _current.set(occasion)
    try:
        return function(*arguments)
    finally:
        _current.reset(token)
