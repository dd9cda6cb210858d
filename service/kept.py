"""What was made lately, kept within a bound: the least recently used goes first."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class KeptLately(Generic[K, V]):
    """Values by key, whose sizes sum up to no more than `room`, and none older than `lifetime_s`."""

    def __init__(
        self, room: int, size: Callable[[V], int] = lambda value: 1, lifetime_s: float | None = None
    ) -> None:
        self._room, self._size, self._lifetime = room, size, lifetime_s
        self._held: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._taken = 0

    def get(self, key: K) -> V | None:
        """The value of a key; None where there is none any more."""
        if key not in self._held:
            return None
        made, value = self._held[key]
        if self._lifetime is not None and time.monotonic() - made > self._lifetime:
            self.drop(key)
            return None
        self._held.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep a value, as far as there is room for it."""
        self.drop(key)
        size = self._size(value)
        if size > self._room:
            return
        self._held[key] = time.monotonic(), value
        self._taken += size
        while self._taken > self._room:
            self.drop(next(iter(self._held)))

    def drop(self, key: K) -> None:
        """Forget a key, if it is there."""
        if key in self._held:
            self._taken -= self._size(self._held.pop(key)[1])

    def clear(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._taken = 0
