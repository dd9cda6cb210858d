"""Boxes in degrees: what a region request may ask for, and how it lies on a projected grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from pyproj import Transformer
from pyproj.exceptions import ProjError

from workers.cubes.grid import Grid
from workers.errors import Bbox, InvalidRequest

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_SAMPLES = 33
_DEEPEST_SPLIT = 64


@lru_cache(maxsize=64)
def to_grid(epsg: int) -> Transformer:
    """The transformer from longitude, latitude to a projected CRS."""
    return Transformer.from_crs(4326, epsg, always_xy=True)


def from_grid(x: float, y: float, crs: str) -> tuple[float, float]:
    """Longitude and latitude, degrees, of a place in a projected CRS such as `EPSG:3413`.

    Raises:
        InvalidRequest: there is no such CRS, or the place is not on the globe in it.
    """
    try:
        lon, lat = to_grid(int(crs.removeprefix("EPSG:"))).transform(x, y, direction="INVERSE")
    except ProjError:
        raise InvalidRequest(f"crs {crs} is none that is known; write one like EPSG:3413.", "crs") from None
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise InvalidRequest(f"x={x:g}, y={y:g} is no place in {crs}.", "x")
    return lon, lat


@lru_cache(maxsize=64)
def between(origin: int, target: int) -> Transformer:
    """The transformer from one projected CRS to another."""
    return Transformer.from_crs(origin, target, always_xy=True)


def parse_bbox(value: object) -> Bbox:
    """Read a box: the OGC object `{"bbox": [west, south, east, north], "crs": ...}` or the bare array.

    Raises:
        InvalidRequest: it is neither, is empty or reversed, leaves the globe, or crosses the antimeridian
            (the message then names the two boxes that work).
    """
    crs = CRS84
    if isinstance(value, dict):
        crs = value.get("crs", CRS84)
        unknown = sorted(set(value) - {"bbox", "crs"})
        if "bbox" not in value or unknown:
            raise InvalidRequest(
                f'bbox is an object with "bbox" and "crs"; {unknown or "bbox"} is not.', "bbox"
            )
        value = value["bbox"]
    if crs not in (CRS84, "OGC:CRS84"):
        raise InvalidRequest(f"bbox in {crs!r} is not understood; give degrees in {CRS84}.", "bbox")
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != 4:
        raise InvalidRequest("bbox needs four numbers: west, south, east, north in degrees.", "bbox")
    if not all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in value):
        raise InvalidRequest(f"bbox {list(value)} holds something that is not a finite number.", "bbox")
    west, south, east, north = (float(x) for x in value)
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90):
        raise InvalidRequest(
            f"bbox {list(value)} leaves the globe: longitudes are -180 to 180, latitudes -90 to 90.", "bbox"
        )
    if south > north:
        raise InvalidRequest(
            f"bbox {list(value)} is reversed in latitude; write west, south, east, north: "
            f"{[west, north, east, south]}.",
            "bbox",
        )
    if south == north or west == east:
        raise InvalidRequest(f"bbox {list(value)} is empty: its sides coincide.", "bbox")
    if west > east:
        raise InvalidRequest(
            f"bbox {list(value)} crosses the antimeridian; ask for two boxes: "
            f"{[west, south, 180.0, north]} and {[-180.0, south, east, north]}.",
            "bbox",
        )
    return west, south, east, north


def degrees(grid: Grid) -> Bbox:
    """The box in degrees that holds a grid, its edges densified."""
    xmin, ymin, xmax, ymax = grid.bounds
    x, y = np.meshgrid(np.linspace(xmin, xmax, _SAMPLES), np.linspace(ymin, ymax, _SAMPLES))
    lon, lat = to_grid(grid.epsg).transform(x.ravel(), y.ravel(), direction="INVERSE")
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def outline(bbox: Bbox, epsg: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y (m) of points along the box's edges, dense enough for the curves of a polar projection."""
    west, south, east, north = bbox
    along = np.linspace(0.0, 1.0, _SAMPLES)
    lon = np.concatenate(
        [west + (east - west) * along] * 2 + [np.full(_SAMPLES, west), np.full(_SAMPLES, east)]
    )
    up = south + (north - south) * along
    lat = np.concatenate([np.full(_SAMPLES, south), np.full(_SAMPLES, north), up, up])
    return to_grid(epsg).transform(lon, lat)


def lattice(bbox: Bbox, epsg: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y (m) of points spread over the box, edges included."""
    west, south, east, north = bbox
    lon, lat = np.meshgrid(np.linspace(west, east, _SAMPLES), np.linspace(south, north, _SAMPLES))
    return to_grid(epsg).transform(lon.ravel(), lat.ravel())


def split_until(bbox: Bbox, fits: Callable[[Bbox], bool]) -> list[Bbox]:
    """Cut a box into the fewest equal columns and rows, near squares, of which each fits; [] if none do."""
    west, south, east, north = bbox
    wide = (east - west) * math.cos(math.radians((south + north) / 2))
    for parts in range(2, _DEEPEST_SPLIT + 1):
        if wide >= north - south:
            columns, rows = parts, max(1, round(parts * (north - south) / wide))
        else:
            columns, rows = max(1, round(parts * wide / (north - south))), parts
        lon, lat = np.linspace(west, east, columns + 1), np.linspace(south, north, rows + 1)
        boxes = [
            (float(lon[c]), float(lat[r]), float(lon[c + 1]), float(lat[r + 1]))
            for r in range(rows)
            for c in range(columns)
        ]
        if all(fits(box) for box in boxes):
            return boxes
    return []
