"""When ice has accelerated: the newest window of a series against those of the year before it."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from workers.velocity.series import Flag

YEAR = dt.timedelta(days=366)
"""So that a window of any one year fits in"""


def comparison(series: Mapping[str, Sequence[Any]]) -> dict[str, Any] | None:
    """The newest window with data of a series, and the mean of those in the year before its start.

    A window has data if it has a speed and an interval and is not flagged `filled`.

    Args:
        series: the columns of a `VelocityTimeSeries`, with times as RFC 3339.

    Returns:
        `time` of the newest window, `v` and `v_low` there, `v_before` and `v_high_before`, which are means
        over the `windows_before` (all m/yr), and by how many `percent` v is above v_before. None where
        nothing is there to compare: no window with data, or those before cover less than half of the year,
        or stand still.
    """
    names = ("time", "start", "end", "v", "v_low", "v_high", "flags")
    rows = [
        row
        for row in (
            dict(zip(names, values, strict=True)) for values in zip(*map(series.get, names), strict=True)
        )
        if None not in row.values() and not row["flags"] & Flag.filled
    ]
    if not rows:
        return None
    newest = rows[-1]
    until = _moment(newest["start"])
    before = [row for row in rows if _moment(row["start"]) >= until - YEAR and _moment(row["end"]) <= until]
    if _covered(before) < YEAR / 2:
        return None
    mean = statistics.fmean(row["v"] for row in before)
    if mean <= 0:
        return None
    return {
        "time": newest["time"],
        "v": newest["v"],
        "v_low": newest["v_low"],
        "v_before": round(mean, 3),
        "v_high_before": round(statistics.fmean(row["v_high"] for row in before), 3),
        "windows_before": len(before),
        "percent": round(100 * (newest["v"] / mean - 1), 2),
    }


def accelerated(found: Mapping[str, Any] | None, percent: float) -> bool:
    """Whether a comparison shows ice that is faster by more than so many per cent, intervals apart."""
    return found is not None and found["percent"] > percent and found["v_low"] > found["v_high_before"]


def _covered(rows: Sequence[Mapping[str, Any]]) -> dt.timedelta:
    """How much time windows cover together, which may overlap and stand in their order."""
    covered, reached = dt.timedelta(0), None
    for row in rows:
        start, end = _moment(row["start"]), _moment(row["end"])
        start = start if reached is None else max(start, reached)
        covered, reached = covered + max(end - start, dt.timedelta(0)), max(end, start)
    return covered


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
