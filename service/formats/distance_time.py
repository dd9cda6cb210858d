"""The distance-time table of a collection of series along a line (Charrier et al. 2025, 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.formats.frame import arrays
from service.formats.numbers import number, numbers
from workers.geojson import Place
from workers.velocity.line import anomalies
from workers.velocity.series import Flag

DISTANCE = "distance_m"
"""Where a member of a collection tells how far along the line it lies"""
POINT_UNITS = {"distance": "m", "lon": "degrees", "lat": "degrees", "v_mean": "m/yr"}
TABLE_UNITS = {"v": "m/yr", "v_anomaly": "m/yr", "v_anomaly_relative": "1"}
ANOMALIES = ("v_anomaly", "v_anomaly_relative")


def distance_time(
    members: Sequence[dict[str, Any]], told: Sequence[dict[str, Any]], places: Sequence[Place]
) -> dict[str, Any]:
    """One row a place and one column a window.

    Args:
        members: for each place its whole `VelocityTimeSeries`, or the problem in its stead: a row of null.
        told: the same with times as the answer tells them.
        places: along the line, each with its distance from the beginning.
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
        "points": {
            "distance": [place.told[DISTANCE] for place in places],
            "lon": [place.lon for place in places],
            "lat": [place.lat for place in places],
            "v_mean": [number(np.float32(each)) for each in mean],
        },
        "windows": {
            name: [window[n] for window in windows] for n, name in enumerate(("time", "start", "end"))
        },
        "table_units": TABLE_UNITS,
        "table": {name: [numbers(row) for row in table] for name, table in tables},
    }


def beside(whole: dict[str, Any], index: int) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """What a table of rows tells of a member beside its own columns.

    Returns:
        What holds for all its windows: number, place, and distance along a line. And one value a window: the
        anomalies along a line.
    """
    member = whole["members"][index]
    asked = member["requested"]
    place = {"member": index, "lon": asked["lon"], "lat": asked["lat"]}
    if "flowline" not in whole:
        return place, {}
    line = whole["flowline"]
    column = {start: at for at, start in enumerate(line["windows"]["start"])}
    at = [column[start] for start in member["series"]["start"]]
    rows = {name: line["table"][name][index] for name in ANOMALIES}
    return place | {DISTANCE: asked[DISTANCE]}, {name: [row[n] for n in at] for name, row in rows.items()}
