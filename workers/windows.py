"""Regular windows of UTC days, half open, `[start, end)`: the time axis that every process shares."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from workers.calendar import Interval, date_of
from workers.errors import InvalidRequest

SHORTEST_STEP_DAYS, LONGEST_STEP_DAYS = 5, 366
SHORTEST_STRIDE_DAYS = 1
_DURATION = re.compile(r"P(\d+)([DWMY])")


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
        months = start.astype("datetime64[D]").astype("datetime64[M]") + np.timedelta64(self.months, "M")
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
