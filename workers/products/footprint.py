"""The outline of a grid in longitude and latitude, as GeoJSON has it (RFC 7946)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.affinity import translate

from workers.cubes.grid import Grid

_DECIMALS = 7  # a centimetre
_PARTS = 4  # of each edge to begin with: three points between its corners
_OUTWARD = 1e-6  # of a cell


@dataclass(frozen=True, slots=True)
class Footprint:
    """A grid's outline on the globe."""

    geometry: dict[str, Any]
    """GeoJSON Polygon, or MultiPolygon where the antimeridian cuts the grid in two"""
    bbox: tuple[float, float, float, float]
    """West, south, east, north in degrees; west > east where the grid crosses the antimeridian"""


def footprint(grid: Grid) -> Footprint:
    """The outline of a grid, correct to half a cell, on the antimeridian and around a pole too."""
    lon, lat = _outline(grid)
    winding = lon[-1] - lon[0]
    if abs(winding) > 180:  # the outline goes around a pole, which belongs to the area
        pole = math.copysign(90.0, lat.mean())
        lon, lat = np.append(lon, [lon[-1], lon[0]]), np.append(lat, [pole, pole])
    ring = shapely.Polygon(np.column_stack([lon, lat]))
    west, south, east, north = ring.bounds
    pieces = [
        translate(ring.intersection(shapely.box(turn - 180, -90, turn + 180, 90)), xoff=-turn)
        for turn in range(round(west / 360) * 360, round(east / 360) * 360 + 1, 360)
    ]
    area = shapely.union_all([piece for piece in pieces if piece.area > 0], grid_size=10**-_DECIMALS)
    if len(pieces) > 1:
        west, east = _wrapped(west), _wrapped(east)
    if abs(winding) > 180:
        west, east = -180.0, 180.0
    bbox = tuple(round(float(edge), _DECIMALS) for edge in (west, south, east, north))
    return Footprint(_geojson(area), bbox)


def _outline(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes, unwrapped, and latitudes of the closed outline, counterclockwise on the grid.

    Parts of an edge are halved until the middle of the straight line between their ends in longitude and
    latitude lies within half a cell of the edge. The outline is drawn a hair outside the grid, so that a pole
    that lies on an edge counts as inside.
    """
    to_globe = Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    xmin, ymin, xmax, ymax = np.array(grid.bounds) + np.array([-1, -1, 1, 1]) * _OUTWARD * grid.spacing
    corners = np.array([[xmin, ymin], [xmax, ymin], [xmax, ymax], [xmin, ymax], [xmin, ymin]])
    position = np.linspace(0, 4, 4 * _PARTS + 1)
    ring = np.column_stack([np.interp(position, range(5), corners[:, axis]) for axis in (0, 1)])
    while True:
        lon, lat = to_globe.transform(*ring.T)
        lon = np.unwrap(lon, period=360)
        x, y = to_globe.transform((lon[1:] + lon[:-1]) / 2, (lat[1:] + lat[:-1]) / 2, direction="INVERSE")
        along, away = np.diff(ring, axis=0), np.column_stack([x, y]) - ring[:-1]
        distance = np.abs(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0]) / np.hypot(*along.T)
        bent = np.flatnonzero(distance > grid.spacing / 2)
        if bent.size == 0:
            return lon, lat
        ring = np.insert(ring, bent + 1, ((ring[1:] + ring[:-1]) / 2)[bent], axis=0)


def _wrapped(lon: float) -> float:
    """A longitude from -180 up to but not including 180."""
    return (lon + 180) % 360 - 180


def _geojson(area: shapely.Geometry) -> dict[str, Any]:
    rings = [
        [[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y in polygon.exterior.coords]
        for polygon in shapely.get_parts(shapely.orient_polygons(shapely.remove_repeated_points(area)))
    ]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}
