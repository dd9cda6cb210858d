"""UTC calendar days, intervals and regular windows: the time axis that every process shares.

A day is an integer: days since 1970-01-01. Intervals and windows are half open, `[start, end)`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np

from workers.errors import InvalidRequest

EPOCH = dt.date(1970, 1, 1)
SHORTEST_STEP_DAYS, LONGEST_STEP_DAYS = 5, 366
SHORTEST_STRIDE_DAYS = 1
_DURATION = re.compile(r"P(\d+)([DWMY])")
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


@dataclass(frozen=True, slots=True)
class Step:
    """The length of a window, or the way from one to the next: a fixed number of days, or calendar months."""

    text: str
    days: int | None
    months: int | None

    @classmethod
    def parse_stride(cls, text: str) -> Step:
        """Read a stride: as a step, but from P1D.

        Raises:
            InvalidRequest: the text is no such duration or lies outside that range.
        """
        return cls.parse(text, "stride", SHORTEST_STRIDE_DAYS)

    @classmethod
    def parse(cls, text: str, where: str = "step", shortest: int = SHORTEST_STEP_DAYS) -> Step:
        """Read an ISO 8601 duration from P5D to P1Y, in one unit: days, weeks, months or a year.

        Raises:
            InvalidRequest: the text is no such duration or lies outside that range.
        """
        rule = f"write an ISO 8601 duration from P{shortest}D to P1Y, such as P10D, P30D, P1M or P1Y"
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            raise InvalidRequest(f"{where} {text!r} is not understood; {rule}.", where)
        number, unit = int(match[1]), match[2]
        if unit in "DW":
            days = number * (7 if unit == "W" else 1)
            if not shortest <= days <= LONGEST_STEP_DAYS:
                raise InvalidRequest(f"{where} {text!r} is {days} days; {rule}.", where)
            return cls(f"P{days}D", days, None)
        months = number * (12 if unit == "Y" else 1)
        if not 1 <= months <= 12:
            raise InvalidRequest(f"{where} {text!r} is {months} months; {rule}.", where)
        return cls("P1Y" if months == 12 else f"P{months}M", None, months)

    @property
    def shortest_days(self) -> int:
        """Length in days of the shortest window of this step."""
        return self.days if self.days is not None else 28 * self.months if self.months < 12 else 365

    @property
    def longest_days(self) -> int:
        """Length in days of the longest window of this step."""
        return self.days if self.days is not None else 31 * self.months

    def starts(self, first: int, last: int) -> np.ndarray:
        """(k,) int64: days of `[first, last)` on the lattice of this step, which counts from 1970-01-01."""
        if self.days is not None:
            return np.arange(-(-first // self.days), -(-last // self.days), dtype=np.int64) * self.days
        month = np.array([first, last], "datetime64[D]").astype("datetime64[M]").astype(np.int64)
        months = np.arange(month[0] // self.months, month[1] // self.months + 1) * self.months
        days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        return days[(first <= days) & (days < last)]

    def after(self, start: np.ndarray) -> np.ndarray:
        """(k,) int64: the days one step after days (k,); firsts of months if the step is calendar."""
        if self.days is not None:
            return start + self.days
        months = start.astype("datetime64[D]").astype("datetime64[M]") + self.months
        return months.astype("datetime64[D]").astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Windows of one step, one stride apart. `start` and `end`: (T,) int64 days."""

    step: Step
    start: np.ndarray
    end: np.ndarray
    stride: Step | None = None
    """From one start to the next; None where that is the step"""

    def __len__(self) -> int:
        return self.start.size

    @property
    def spacing(self) -> Step:
        """From the start of one window to that of the next."""
        return self.stride or self.step

    @property
    def middle(self) -> np.ndarray:
        """(T,) float64: midpoints in days."""
        return (self.start + self.end) / 2.0

    @classmethod
    def select(
        cls, step: Step, first: int, last: int, interval: Interval | None = None, stride: Step | None = None
    ) -> Windows:
        """The windows of a record that runs from day `first` to day `last`.

        Without an interval: all that overlap the record. With one: of these, those that lie wholly inside
        it; with an instant, those that contain it. Without a stride they follow one another; that of a
        calendar step must be calendar too.

        Raises:
            InvalidRequest: the step is longer than the record, or no window is left.
        """

        def refusal(reason: str, where: str) -> InvalidRequest:
            # Dates are written out in an error alone: that takes longer than all windows do.
            record = f"the record runs from {date_of(first)} to {date_of(last)}"
            return InvalidRequest(reason.format(record=record), where)

        if step.shortest_days > last - first:
            raise refusal(f"step {step.text} is longer than the record: {{record}}.", "step")
        start = (stride or step).starts(first - step.longest_days, last)
        end = step.after(start)
        keep = end > first
        if not keep.any():
            raise refusal(
                f"None of the windows of {step.text} every {stride.text} meets the record; {{record}}. "
                "A shorter stride gives more windows.",
                "stride",
            )
        if interval is not None:
            if interval.instant:
                keep &= (start <= interval.start) & (interval.start < end)
            if not interval.instant and interval.start is not None:
                keep &= start >= interval.start
            if not interval.instant and interval.end is not None:
                keep &= end <= interval.end
            if not keep.any():
                raise refusal(
                    f"No window of {step.text} lies wholly inside the datetime asked for; {{record}}.",
                    "datetime",
                )
        return cls(step, start[keep], end[keep], stride)
