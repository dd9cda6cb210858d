"""Attributes of a synthetic cube: its projection, and what the whole cube says of itself."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
from pyproj import CRS, Transformer

from workers.calendar import date_of
from workers.cubes.grid import Grid
from workers.synthetic.spec import SyntheticCube

_ELLIPSOID = {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563}


def mapping_attributes(grid: Grid) -> dict[str, Any]:
    """Attributes of the `mapping` variable, for the two kinds of projection that ITS_LIVE uses."""
    wkt = CRS.from_epsg(grid.epsg).to_wkt("WKT1_GDAL")
    shared = {
        "GeoTransform": f"{grid.left} {grid.spacing} 0 {grid.top} 0 {-grid.spacing}",
        "crs_wkt": wkt,
        "spatial_ref": wkt,
        "spatial_epsg": grid.epsg,
    }
    own = _polar(grid.epsg) if grid.epsg in (3413, 3031) else _utm(grid.epsg)
    return shared | own | _ELLIPSOID


def _polar(epsg: int) -> dict[str, Any]:
    pole, latitude, meridian = (90, 70, -45) if epsg == 3413 else (-90, -71, 0)
    return {
        "grid_mapping_name": "polar_stereographic",
        "straight_vertical_longitude_from_pole": float(meridian),
        "latitude_of_projection_origin": float(pole),
        "latitude_of_origin": float(latitude),
        "scale_factor_at_projection_origin": 1,
        "false_easting": 0.0,
        "false_northing": 0.0,
        "proj4text": f"+proj=stere +lat_0={pole} +lat_ts={latitude} +lon_0={meridian} "
        "+x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs",
    }


def _utm(epsg: int) -> dict[str, Any]:
    zone, south = epsg % 100, epsg // 100 == 327
    return {
        "grid_mapping_name": "universal_transverse_mercator",
        "utm_zone_number": zone,
        "longitude_of_central_meridian": float(6 * zone - 183),
        "latitude_of_projection_origin": 0.0,
        "scale_factor_at_central_meridian": 0.9996,
        "false_easting": 500000.0,
        "false_northing": 10000000.0 if south else 0.0,
        "proj4text": f"+proj=utm +zone={zone}{' +south' if south else ''} +datum=WGS84 +units=m +no_defs",
    }


def cube_attributes(spec: SyntheticCube, name: str) -> dict[str, Any]:
    """Global attributes. Dates are those of the record's end, so that equal cubes have equal bytes.

    `author` stands as in the real cubes, because readers choose their loader by it; `comment` says what the
    cube is.
    """
    grid = spec.grid
    ring = _ring(grid)
    to_degrees = Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    lon, lat = to_degrees.transform(*ring.T)
    xmin, ymin, xmax, ymax = grid.bounds
    centre = to_degrees.transform((xmin + xmax) / 2, (ymin + ymax) / 2)
    date = date_of(spec.days[1]).strftime("%d-%b-%Y 00:00:00")
    return {
        "Conventions": "CF-1.8",
        "GDAL_AREA_OR_POINT": "Area",
        "author": "ITS_LIVE, a NASA MEaSUREs project (its-live.jpl.nasa.gov)",
        "autoRIFT_parameter_file": "none",
        "comment": f"Synthetic with known truth, not an observation: {spec.scenario}, seed {spec.seed}.",
        "datacube_software_version": "1.0",
        "date_created": date,
        "date_updated": date,
        "geo_polygon": json.dumps(np.column_stack([lon, lat]).round(6).tolist()),
        "institution": "Ogive",
        "latitude": round(centre[1], 2),
        "longitude": round(centre[0], 2),
        "proj_polygon": json.dumps(ring.tolist()),
        "projection": str(spec.epsg),
        "s3": name,
        "skipped_granules": f"{name.removesuffix('.zarr')}.json",
        "time_standard_img1": "UTC",
        "time_standard_img2": "UTC",
        "title": "ITS_LIVE datacube of image pair velocities",
        "url": name,
    }


def _ring(grid: Grid) -> np.ndarray:
    """(17, 2): the outline in metres, four points a side, closed."""
    xmin, ymin, xmax, ymax = grid.bounds
    corners = np.array([[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax], [xmin, ymin]])
    step = np.linspace(0.0, 1.0, 4, endpoint=False)[:, None]
    sides = [start + (end - start) * step for start, end in pairwise(corners)]
    return np.concatenate([*sides, corners[-1:]])
