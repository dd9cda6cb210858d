"""How many requests a caller may send: a bucket for each window, which fills evenly while it lasts.

A bucket is kept as the moment at which it is full again (the generic cell rate algorithm). All
live in this process; several services on one database count each for itself.
"""

from __future__ import annotations

import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_FORM = re.compile(r"([1-9]\d{0,8})/(second|minute|hour|day)")
_MOST_CALLERS = 100_000
"""Of more, those seen longest ago are forgotten"""


@dataclass(frozen=True, slots=True)
class Window:
    """So many requests in so much time."""

    name: str
    quota: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of the window that is nearest to its end."""

    window: Window
    requests: int
    full_after: float
    """Seconds until the whole quota is there again"""


@dataclass(frozen=True, slots=True)
class Spent:
    """A window of which nothing is left."""

    window: Window
    wait: float
    """Seconds until there is"""


def parse(text: str) -> tuple[Window, ...]:
    """Windows written as `600/minute, 5000/hour`.

    Raises:
        ValueError: one is not written so.
    """
    windows = []
    for part in text.split(","):
        if (found := _FORM.fullmatch(part.strip())) is None:
            raise ValueError(f"{part.strip()!r} is no rate; write it like 600/minute, 5000/hour, 10000/day")
        windows.append(Window(found[2], int(found[1]), _SECONDS[found[2]]))
    return tuple(windows)


class Rates:
    """Counts requests by who sends them."""

    def __init__(self, windows: tuple[Window, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self.windows, self._clock = windows, clock
        self._full_at: OrderedDict[str, list[float]] = OrderedDict()

    def take(self, caller: str) -> Left | Spent:
        """Count a request, unless a window has nothing left; such a request costs nothing."""
        now = self._clock()
        full_at = self._full_at.get(caller) or [now] * len(self.windows)
        after = [
            max(full, now) + window.seconds / window.quota
            for full, window in zip(full_at, self.windows, strict=True)
        ]
        waits = [full - window.seconds - now for full, window in zip(after, self.windows, strict=True)]
        longest = max(range(len(waits)), key=waits.__getitem__)
        if waits[longest] > 1e-9:
            return Spent(self.windows[longest], waits[longest])
        self._full_at[caller] = after
        self._full_at.move_to_end(caller)
        if len(self._full_at) > _MOST_CALLERS:
            self._full_at.popitem(last=False)
        return min((self._left(*each, now) for each in zip(after, self.windows, strict=True)), key=_share)

    @staticmethod
    def _left(full_at: float, window: Window, now: float) -> Left:
        missing = (full_at - now) * window.quota / window.seconds
        return Left(window, math.floor(window.quota - missing + 1e-6), full_at - now)


def _share(left: Left) -> float:
    return left.requests / left.window.quota
