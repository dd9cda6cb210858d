"""A value that is made when first asked for, kept for a while, and made again after that."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Threads may ask at once: one makes the value, the others wait. A failure is raised and not kept."""

    def __init__(self, make: Callable[[], T], lifetime_s: float) -> None:
        self._make = make
        self._lifetime_s = lifetime_s
        self._made: tuple[float, T] | None = None
        self._making = Lock()

    def __call__(self) -> T:
        """The value, at most `lifetime_s` old."""
        with self._making:
            if self._made is None or time.monotonic() - self._made[0] > self._lifetime_s:
                self._made = (time.monotonic(), self._make())
            return self._made[1]
