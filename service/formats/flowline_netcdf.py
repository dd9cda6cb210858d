"""A flowline as CF NetCDF-4: dimensions distance and time, places as coordinates along the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS

from workers.calendar import timestamp
from workers.products.conventions import GRID_MAPPING, TIME_AXIS, TIME_BOUNDS, variable_attributes
from workers.velocity.line import NOWHERE, LineSeries
from workers.velocity.variables import SERIES_VARIABLES, VARIABLES
from workers.version import VERSION

if TYPE_CHECKING:
    import xarray as xr

_SPEED = {"units": "m year-1", "comment": "a year is 365 days here"}
ALONG = {
    "distance": {"units": "m", "long_name": "distance along the line from its first vertex"},
    "lon": {"standard_name": "longitude", "units": "degrees_east", "long_name": "longitude of the point"},
    "lat": {"standard_name": "latitude", "units": "degrees_north", "long_name": "latitude of the point"},
    "x": {"standard_name": "projection_x_coordinate", "units": "m", "long_name": "x of the pixel's centre"},
    "y": {"standard_name": "projection_y_coordinate", "units": "m", "long_name": "y of the pixel's centre"},
    "epsg": {"long_name": "EPSG code of the system that x, y, vx and vy are in; 0 outside all cubes"},
    "cube": {"long_name": "ITS_LIVE cube that answers; empty outside all cubes"},
    "pixel": {"long_name": f"number of the pixel that answers; {NOWHERE} outside all cubes"},
    "problem": {"long_name": "why the point has no series; empty where it has"},
    "vvc": {"units": "1", "long_name": "velocity vector coherence of the series, 0 to 1"},
    "coefficient": {"units": "1", "long_name": "coefficient of the regularisation"},
    "v_mean": {**_SPEED, "long_name": "mean of v over the windows that the record covers whole"},
}
OVER_TIME = {
    "v_anomaly": {**_SPEED, "long_name": "v against its mean over time at the point"},
    "v_anomaly_relative": {"units": "1", "long_name": "v_anomaly over v_mean"},
}


def dataset(line: LineSeries) -> xr.Dataset:
    """The flowline as a dataset, times not decoded: what `netcdf` writes."""
    import xarray as xr

    windows, crs = line.windows, {each.site.crs for each in line.series if each is not None}
    attributes = {variable.name: variable_attributes(variable) for variable in VARIABLES}
    along = {name: ("distance", values, ALONG[name]) for name, values in _places(line).items()}
    tables = {name: line.table(name) for name in SERIES_VARIABLES}
    tables |= {"v_anomaly": line.anomaly, "v_anomaly_relative": line.relative_anomaly}
    data: dict[str, Any] = {
        "time_bnds": (("time", "bnds"), np.stack([windows.start, windows.end], axis=1) * 1.0, TIME_BOUNDS)
    }
    for name, values in tables.items():
        told = {key: value for key, value in attributes.get(name, OVER_TIME.get(name)).items() if value}
        told.pop("coordinates", None)
        if len(crs) > 1 or name in OVER_TIME:
            told.pop("grid_mapping", None)
        data[name] = ("distance", "time"), values, told
    if len(crs) == 1:
        data[GRID_MAPPING] = (), np.int32(0), CRS.from_user_input(next(iter(crs))).to_cf()
    made = xr.Dataset(
        data | along,
        coords={
            "distance": ("distance", line.points.distance, {**ALONG["distance"], "axis": "X"}),
            "time": ("time", windows.middle, TIME_AXIS),
        },
        attrs=_attributes(line),
    )
    return made.set_coords(["lon", "lat", "x", "y"])


def netcdf(line: LineSeries) -> bytes:
    """The flowline as a file; the same bytes for the same line."""
    made = dataset(line)
    encoding: dict[str, dict[str, Any]] = {name: {"_FillValue": None} for name in made.variables}
    for name, variable in made.variables.items():
        if variable.dtype.kind == "f" and variable.dims and name not in (*made.indexes, "time_bnds"):
            encoding[name] = {"_FillValue": variable.dtype.type(np.nan)}
        if variable.dims == ("distance", "time"):
            encoding[name] |= {"zlib": True, "complevel": 4, "shuffle": True}
    return bytes(made.to_netcdf(engine="h5netcdf", format="NETCDF4", encoding=encoding))


def _places(line: LineSeries) -> dict[str, np.ndarray]:
    sites = [None if each is None else each.site for each in line.series]
    codes = [0 if site is None else int(site.crs.removeprefix("EPSG:")) for site in sites]
    return {
        "lon": line.points.lon,
        "lat": line.points.lat,
        "x": np.array([np.nan if site is None else site.x for site in sites]),
        "y": np.array([np.nan if site is None else site.y for site in sites]),
        "epsg": np.array(codes, np.int32),
        "cube": np.array(["" if site is None else site.cube.reference.id for site in sites], object),
        "pixel": line.pixel.astype(np.int32),
        "problem": np.array([problem or "" for problem in line.problems], object),
        "vvc": line.column("vvc"),
        "coefficient": line.column("coefficient"),
        "v_mean": line.mean_speed.astype(np.float32),
    }


def _attributes(line: LineSeries) -> dict[str, Any]:
    choices = line.parameters.model_dump(mode="json", exclude_none=True)
    return {
        "Conventions": "CF-1.11, ACDD-1.3",
        "title": "Regularised ice velocity along a line",
        "id": f"sha256:{line.request_sha256}",
        "geometry": json.dumps({"type": "LineString", "coordinates": line.coordinates}),
        "spacing_m": line.spacing,
        "length_m": line.points.length,
        "time_coverage_start": timestamp(line.windows.start[0]),
        "time_coverage_end": timestamp(line.windows.end[-1]),
        "time_coverage_resolution": line.windows.step.text,
        "method": "TICOI",
        "method_version": VERSION,
        **{name: int(value) if isinstance(value, bool) else value for name, value in choices.items()},
        "year_length_days": 365,
        "source": "; ".join(
            f"ITS_LIVE datacube {cube.reference.id}, {cube.fingerprint}"
            + (f", last modified {cube.last_modified}" if cube.last_modified else "")
            for cube in line.cubes
        ),
        "references": "https://doi.org/10.5194/tc-19-4555-2025 https://doi.org/10.5194/tc-19-3517-2025",
        "license": "CC-BY-4.0",
    }
