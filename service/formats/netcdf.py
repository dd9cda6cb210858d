"""Series as CF NetCDF-4: discrete sampling geometry `timeSeries`, a station a member, one time axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.formats import line_netcdf
from service.formats.frame import arrays
from service.formats.series import answered
from service.formats.shape import TIMES
from workers.products.conventions import variable_attributes
from workers.velocity.series import Flag
from workers.velocity.variables import VARIABLES

_EPOCH = np.datetime64("1970-01-01", "ms")
_DAY_MS = 86_400_000
_TIME = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
_NAMES = {"flags": "quality_flag"}
"""Columns that a product calls otherwise"""
_OF_A_GRID = ("grid_mapping", "coordinates", "ancillary_variables")
_STATION = {
    "lon": {"standard_name": "longitude", "units": "degrees_east", "long_name": "of the place asked for"},
    "lat": {"standard_name": "latitude", "units": "degrees_north", "long_name": "of the place asked for"},
    "x": {"units": "m", "long_name": "projected x of the centre of the pixel, in the station's crs"},
    "y": {"units": "m", "long_name": "projected y of the centre of the pixel, in the station's crs"},
    "crs": {"long_name": "coordinate reference system of x, y, vx and vy"},
    "station_id": {"cf_role": "timeseries_id", "long_name": "id of the series; empty where it failed"},
    "cube": {"long_name": "ITS_LIVE cube that was read"},
    "vvc": {"units": "1", "long_name": "velocity vector coherence of the series, 0 to 1"},
    "coefficient": {"units": "1", "long_name": "coefficient of the regularisation"},
    "used": {"units": "1", "long_name": "image pairs in the inversion"},
}


def dataset(whole: dict[str, Any]) -> bytes:
    """A NetCDF-4 file; the same bytes for the same document.

    Of places: the members that are series, each a station; a window that a member lacks has no values there.
    Along a line: every point, on the dimensions distance and time.
    """
    import xarray as xr

    members = [member for _, member in answered(whole)]
    if "flowline" in whole:
        data, coordinates = line_netcdf.variables(whole)
        about = {"title": "Regularised ice velocity along a line"}
    else:
        data, coordinates = _stations(members)
        about = {"featureType": "timeSeries", "title": "Regularised ice velocity at places"}
    made = xr.Dataset(
        data,
        coords=coordinates,
        attrs={
            "Conventions": "CF-1.11, ACDD-1.3",
            **about,
            "year_length_days": 365,
            "license": "CC-BY-4.0",
            "references": "https://doi.org/10.5194/tc-19-4555-2025 https://doi.org/10.5194/tc-19-3517-2025",
            **_method(members),
        },
    )
    return bytes(made.to_netcdf(engine="h5netcdf", format="NETCDF4", encoding=_encoding(made)))


def _stations(members: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data and coordinates of members, each a station."""
    columns = [arrays(member) for member in members]
    windows = [np.column_stack([each["start"], each["end"]]) for each in columns]
    bounds = np.unique(np.concatenate([np.empty((0, 2), "datetime64[ms]"), *windows]), axis=0)
    data = {
        "time_bnds": (("time", "bnds"), _days(bounds), _TIME),
        **{
            name: ("station", np.array([_about(member)[name] for member in members], kind), _STATION[name])
            for name, kind in _kinds().items()
            if all(_about(member)[name] is not None for member in members)
        },
    }
    for name in (name for name in (columns[0] if columns else ()) if name not in TIMES):
        data[_NAMES.get(name, name)] = _common(name, columns, bounds)
    places = {name: data.pop(name) for name in ("lon", "lat", "station_id")}
    return data, {"time": ("time", _days(bounds).mean(axis=1), _TIME_AXIS), **places}


_TIME_AXIS = {
    **_TIME,
    "standard_name": "time",
    "long_name": "middle of the window",
    "axis": "T",
    "bounds": "time_bnds",
}


def _kinds() -> dict[str, type]:
    text = dict.fromkeys(("station_id", "crs", "cube"), str)
    figures = {"vvc": np.float32, "coefficient": np.float32, "used": np.int32}
    return text | dict.fromkeys(("lon", "lat", "x", "y"), float) | figures


def _about(member: dict[str, Any]) -> dict[str, Any]:
    cell, vvc, coefficient = member["cell"], member["quality"]["vvc"], member["method"]["coefficient"]
    return {
        "lon": member["requested"]["lon"],
        "lat": member["requested"]["lat"],
        "x": cell["x"],
        "y": cell["y"],
        "crs": cell["crs"],
        "station_id": member["id"],
        "cube": member["source"]["cube"],
        "vvc": np.nan if vvc is None else vvc,
        "coefficient": np.nan if coefficient is None else coefficient,
        "used": member["source"].get("used"),
    }


def _method(members: list[dict[str, Any]]) -> dict[str, Any]:
    """What is the same for all members, as attributes of the file."""
    if not members:
        return {}
    method, interval = members[0]["method"], members[0]["quality"]["interval"]
    told = {
        f"method_{name}": value
        for name, value in method.items()
        if isinstance(value, str | float) and name != "coefficient"
    }
    return told | {"interval": interval["kind"], "interval_level": interval["level"]}


def _days(moments: np.ndarray) -> np.ndarray:
    return (moments - _EPOCH).astype(np.int64) / _DAY_MS


def _common(name: str, columns: list[dict[str, np.ndarray]], bounds: np.ndarray) -> tuple:
    """(station, time) of one column on the windows of all members."""
    flags = name == "flags"
    values = np.full(
        (len(columns), len(bounds)), Flag.no_data if flags else np.nan, np.uint8 if flags else np.float32
    )
    for station, each in enumerate(columns):
        values[station, np.searchsorted(bounds[:, 0], each["start"])] = each[name]
    described = next(variable for variable in VARIABLES if variable.name == _NAMES.get(name, name))
    attributes = variable_attributes(described)
    return ("station", "time"), values, {k: v for k, v in attributes.items() if k not in _OF_A_GRID}


def _encoding(made: Any) -> dict[str, dict[str, Any]]:
    """No fill value but for floats that may be missing: coordinates are whole, flags say it by a bit."""
    plain = {name: {"_FillValue": None} for name in made.variables}
    for name, variable in made.data_vars.items():
        if variable.dims[1:] == ("time",) and variable.dtype.kind == "f":
            plain[name] = {"_FillValue": np.float32(np.nan), "zlib": True, "complevel": 4}
    return plain
