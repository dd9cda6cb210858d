"""Series along a line as CF NetCDF-4: dimensions distance and time, places as coordinates along the line."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.formats.distance_time import ANOMALIES
from service.formats.frame import arrays, days
from service.formats.series import answered
from service.formats.shape import TIMES
from workers.products.conventions import GRID_MAPPING, TIME_AXIS, TIME_BOUNDS, variable_attributes
from workers.velocity.series import Flag
from workers.velocity.variables import VARIABLES

_SPEED = {"units": "m year-1", "comment": "a year is 365 days here"}
_ALONG = {
    "distance": {"units": "m", "long_name": "distance along the line from its first vertex"},
    "lon": {"standard_name": "longitude", "units": "degrees_east", "long_name": "longitude of the point"},
    "lat": {"standard_name": "latitude", "units": "degrees_north", "long_name": "latitude of the point"},
    "x": {"standard_name": "projection_x_coordinate", "units": "m", "long_name": "x of the pixel's centre"},
    "y": {"standard_name": "projection_y_coordinate", "units": "m", "long_name": "y of the pixel's centre"},
    "epsg": {"long_name": "EPSG code of the system that x, y, vx and vy are in; 0 where there is no series"},
    "cube": {"long_name": "ITS_LIVE cube that answers; empty where there is no series"},
    "problem": {"long_name": "why the point has no series; empty where it has"},
    "vvc": {"units": "1", "long_name": "velocity vector coherence of the series, 0 to 1"},
    "coefficient": {"units": "1", "long_name": "coefficient of the regularisation"},
    "v_mean": {**_SPEED, "long_name": "mean of v over the windows that the record covers whole"},
}
_OVER_TIME = {
    "v_anomaly": {**_SPEED, "long_name": "v against its mean over time at the point"},
    "v_anomaly_relative": {"units": "1", "long_name": "v_anomaly over v_mean"},
}
_DESCRIBED = {variable.name: variable for variable in VARIABLES}


def variables(whole: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data and coordinates of the file of a collection along a line, as xarray takes them.

    Points without a series are there, with no values and the reason.
    """
    line, members = whole["flowline"], whole["members"]
    starts, ends = (days(line["windows"][name]) for name in ("start", "end"))
    data: dict[str, Any] = {"time_bnds": (("time", "bnds"), np.stack([starts, ends], axis=1), TIME_BOUNDS)}
    crs = {member["cell"]["crs"] for _, member in answered(whole)}
    for name, values in _tables(whole, starts).items():
        told = dict(_OVER_TIME.get(name) or variable_attributes(_DESCRIBED[name]))
        told.pop("coordinates", None)
        if len(crs) > 1:
            told.pop("grid_mapping", None)
        data[name] = ("distance", "time"), values, told
    if len(crs) == 1:
        from pyproj import CRS

        data[GRID_MAPPING] = (), np.int32(0), CRS.from_user_input(next(iter(crs))).to_cf()
    points = {name: np.array(line["points"][name], float) for name in ("lon", "lat")}
    points |= _figures(members) | {"v_mean": np.array(line["points"]["v_mean"], np.float32)}
    places = {name: ("distance", values, _ALONG[name]) for name, values in points.items()}
    coordinates = {
        "distance": ("distance", np.array(line["points"]["distance"]), {**_ALONG["distance"], "axis": "X"}),
        "time": ("time", days(line["windows"]["time"]), TIME_AXIS),
        **{name: places.pop(name) for name in ("lon", "lat", "x", "y")},
    }
    return data | places, coordinates


def _tables(whole: dict[str, Any], starts: np.ndarray) -> dict[str, np.ndarray]:
    """(distance, time) of every column that the members have, and of the anomalies."""
    line, members = whole["flowline"], answered(whole)
    shape = len(whole["members"]), len(starts)
    names = [name for name in members[0][1]["series"] if name not in TIMES] if members else []
    tables = {name: np.full(shape, np.nan, np.float32) for name in names}
    if "flags" in tables:
        tables["flags"] = np.full(shape, int(Flag.no_data), np.uint8)
    for row, member in members:
        at = np.searchsorted(starts, days(member["series"]["start"]))
        for name, values in arrays(member).items():
            if name in tables:
                tables[name][row, at] = values
    if "flags" in tables:
        tables["quality_flag"] = tables.pop("flags")
    return tables | {name: np.array(line["table"][name], np.float32) for name in ANOMALIES}


def _figures(members: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """(distance,) of what each point tells of its pixel."""

    def floats(*path: str) -> np.ndarray:
        return np.array([_at(member, path) for member in members], float)

    known = ["series" in member for member in members]
    told = list(zip(members, known, strict=True))
    return {
        "x": floats("cell", "x"),
        "y": floats("cell", "y"),
        "epsg": np.array(
            [int(m["cell"]["crs"].removeprefix("EPSG:")) if k else 0 for m, k in told], np.int32
        ),
        "cube": np.array([m["source"]["cube"] if k else "" for m, k in told], object),
        "problem": np.array(["" if k else m["detail"] for m, k in told], object),
        "vvc": floats("quality", "vvc").astype(np.float32),
        "coefficient": floats("method", "coefficient").astype(np.float32),
    }


def _at(member: dict[str, Any], path: tuple[str, ...]) -> Any:
    if "series" not in member:
        return None
    for name in path:
        member = member[name]
    return member
