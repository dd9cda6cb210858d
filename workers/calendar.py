"""UTC calendar days and intervals of them.

A day is an integer: days since 1970-01-01. Intervals are half open, `[start, end)`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np

from workers.errors import InvalidRequest

EPOCH = dt.date(1970, 1, 1)
_DAY_SECONDS = 86_400


def day_of(date: dt.date) -> int:
    """Days since 1970-01-01 of a calendar date."""
    return (date - EPOCH).days


def date_of(day: int) -> dt.date:
    """The calendar date of a day."""
    return EPOCH + dt.timedelta(days=int(day))


def timestamp(day: float) -> str:
    """RFC 3339 text in UTC of a day, which may be a half: `2015-01-16T12:00:00Z`."""
    moment = dt.datetime(1970, 1, 1) + dt.timedelta(days=float(day))
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= 1000 else moment.isoformat() + "Z"


def timestamps(days: np.ndarray) -> list[str]:
    """RFC 3339 texts in UTC of many days, as `timestamp` writes them."""
    microseconds = np.rint(np.asarray(days, np.float64) * (_DAY_SECONDS * 1e6))
    moments = np.floor(microseconds / 1e6).astype("datetime64[s]")
    return [f"{moment}Z" for moment in np.datetime_as_string(moments).tolist()]


@dataclass(frozen=True, slots=True)
class Interval:
    """A span of days, open where None; `instant` marks a single moment, which selects what contains it."""

    start: int | None = None
    end: int | None = None
    instant: bool = False

    @classmethod
    def parse(cls, text: str, where: str = "datetime") -> Interval:
        """Read an RFC 3339 instant or interval (`2015-01-01/2020-12-31`, `../2020-12-31`).

        A bare date as an end includes its whole day; a moment within a day is rounded to the next midnight,
        so that what is selected lies wholly inside.

        Raises:
            InvalidRequest: the text is no such interval, or its end comes before its start.
        """
        parts = text.strip().split("/")
        if len(parts) == 1:
            start = _moment(parts[0], where, text)[0]
            return cls(start, start + 1, instant=True)
        if len(parts) != 2:
            raise InvalidRequest(
                f"{where} {text!r} has {len(parts)} parts; write START/END, with .. for an open side.", where
            )
        start = None if parts[0] in ("", "..") else _moment(parts[0], where, text)[1]
        end = None if parts[1] in ("", "..") else _moment(parts[1], where, text)[2]
        if start is None and end is None:
            raise InvalidRequest(f"{where} {text!r} is open on both sides; leave it out instead.", where)
        if start is not None and end is not None and end <= start:
            raise InvalidRequest(
                f"{where} {text!r} ends before it starts; write the earlier date first.", where
            )
        return cls(start, end)


def _moment(text: str, where: str, whole: str) -> tuple[int, int, int]:
    """The day that contains a moment, the first midnight not before it, and the day it ends as an end."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = day_of(dt.date.fromisoformat(text))
            return day, day, day + 1
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(
            f"{where} {whole!r} is not RFC 3339; write a date (2015-01-01), a moment (2015-01-01T00:00:00Z) "
            "or two of them joined by / with .. for an open side.",
            where,
        ) from None
    if moment.tzinfo is None:
        raise InvalidRequest(f"{where} {whole!r} lacks a time zone; add Z for UTC.", where)
    seconds = (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).total_seconds()
    up = int(-(-seconds // _DAY_SECONDS))
    return int(seconds // _DAY_SECONDS), up, up
