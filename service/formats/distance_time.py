"""The distance-time table of a collection of series along a line (Charrier et al. 2025, 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.formats.frame import arrays
from service.formats.series import number, numbers
from workers.velocity.line import anomalies
from workers.velocity.series import Flag

DISTANCE = "distance_m"
"""Where a member of a collection tells how far along the line it lies"""
POINT_UNITS = {"distance": "m", "v_mean": "m/yr"}
TABLE_UNITS = {"v": "m/yr", "v_anomaly": "m/yr", "v_anomaly_relative": "1"}


def distance_time(
    members: Sequence[dict[str, Any]], told: Sequence[dict[str, Any]], distances: Sequence[float]
) -> dict[str, Any]:
    """One row a place and one column a window, in the names of a flowline's document.

    Args:
        members: for each place its whole `VelocityTimeSeries`, or the problem in its stead: a row of null.
        told: the same with times as the answer tells them.
        distances: metres along the line.
    """
    times = {
        window[1]: window
        for each in told
        if "series" in each
        for window in zip(*(each["series"][name] for name in ("time", "start", "end")), strict=True)
    }
    column = {start: index for index, start in enumerate(sorted(times))}
    speed = np.full((len(members), len(column)), np.nan, np.float32)
    flags = np.full(speed.shape, int(Flag.no_data), np.uint8)
    for row, (member, each) in enumerate(zip(members, told, strict=True)):
        if "series" in member:
            at, values = [column[start] for start in each["series"]["start"]], arrays(member)
            speed[row, at], flags[row, at] = values["v"], values["flags"]
    mean, absolute, relative = anomalies(speed, flags)
    windows = [times[start] for start in column]
    tables = zip(TABLE_UNITS, (speed, absolute, relative), strict=True)
    return {
        "points_units": POINT_UNITS,
        "points": {"distance": list(distances), "v_mean": [number(np.float32(each)) for each in mean]},
        "windows": {
            name: [window[n] for window in windows] for n, name in enumerate(("time", "start", "end"))
        },
        "table_units": TABLE_UNITS,
        "table": {name: [numbers(row) for row in table] for name, table in tables},
    }
