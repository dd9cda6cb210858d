"""A set of cubes by place: which hold a point, which meet a box, which is nearest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
import shapely
from pyproj import Geod

from workers.cubes.reference import CubeReference
from workers.errors import Bbox
from workers.regions import to_grid

Bounds = tuple[float, float, float, float]

_TILE = re.compile(r"ITS_LIVE_vel_EPSG(\d+)_G0120_X(-?\d+)_Y(-?\d+)")
_HALF_TILE = 50_000.0
_SPACING, _ANCHOR = 120.0, 7.5
_EDGE_POINTS = 129
_MARGIN_DEGREES = 0.1
_WGS84 = Geod(ellps="WGS84")


def snapped(square: Bounds) -> Bounds:
    """The outer edges of the 120 m cells of a nominal tile.

    ITS_LIVE anchors its lattice to Landsat's 15 m panchromatic pixels: edges are 7.5 m off the multiples of
    120 m, each tile begins with the first edge inside its square (its_live_production, `grid.py`).
    Neighbours share their edges, so that no place falls between two tiles.
    """
    xmin, ymin, xmax, ymax = (edge / _SPACING for edge in square)
    return (
        float(np.ceil(xmin) * _SPACING - _ANCHOR),
        float(np.floor(ymin) * _SPACING + _ANCHOR),
        float(np.ceil(xmax) * _SPACING - _ANCHOR),
        float(np.floor(ymax) * _SPACING + _ANCHOR),
    )


def named_tile(name: str) -> tuple[int, Bounds] | None:
    """EPSG code and edges of the tile that a name such as `ITS_LIVE_vel_EPSG3413_G0120_X-150000_Y-2250000`
    gives by its centre; None for another name."""
    match = _TILE.fullmatch(name)
    if match is None:
        return None
    epsg, x, y = (int(part) for part in match.groups())
    return epsg, snapped((x - _HALF_TILE, y - _HALF_TILE, x + _HALF_TILE, y + _HALF_TILE))


class Tiles:
    """Cubes known by name and edges. All questions are decided in the projected coordinates of each cube,
    since the sides of its square are curves in longitude and latitude."""

    def __init__(self, references: Iterable[CubeReference]) -> None:
        self._by_epsg: dict[int, list[CubeReference]] = {}
        for reference in sorted(references, key=lambda each: each.id):
            self._by_epsg.setdefault(reference.epsg, []).append(reference)
        self._bounds = {
            epsg: np.array([each.bounds for each in held]) for epsg, held in self._by_epsg.items()
        }

    def at_point(self, lon: float, lat: float) -> list[CubeReference]:
        """Cubes that hold a place; where several do, farthest edge first, ties by name."""
        found = []
        for epsg, bounds in self._bounds.items():
            x, y = to_grid(epsg).transform(lon, lat)
            # The east and south edges belong to the next tile, as in `Grid.cell`.
            inside = (bounds[:, 0] <= x) & (x < bounds[:, 2]) & (bounds[:, 1] < y) & (y <= bounds[:, 3])
            for index in np.flatnonzero(inside):
                xmin, ymin, xmax, ymax = bounds[index]
                depth = min(x - xmin, xmax - x, y - ymin, ymax - y)
                found.append((-depth, self._by_epsg[epsg][index]))
        return [reference for _, reference in sorted(found, key=lambda each: (each[0], each[1].id))]

    def in_bbox(self, west: float, south: float, east: float, north: float) -> list[CubeReference]:
        """Cubes that share more than an edge with a box in degrees, by name.

        Where west > east the box crosses 180 degrees.
        """
        found = []
        for epsg, bounds in self._bounds.items():
            squares = shapely.box(*bounds.T)
            meets = np.zeros(len(squares), bool)
            for part in _parts((west, south, east, north), _degrees(epsg, bounds)):
                region = _projected(part, epsg)
                meets |= shapely.intersects(region, squares) & ~shapely.touches(region, squares)
            found.extend(self._by_epsg[epsg][index] for index in np.flatnonzero(meets))
        return sorted(found, key=lambda each: each.id)

    def nearest(self, lon: float, lat: float) -> tuple[CubeReference, float] | None:
        """The nearest cube and its distance in metres along the ground; None if there are no cubes."""
        best: tuple[float, str, CubeReference] | None = None
        for epsg, bounds in self._bounds.items():
            x, y = to_grid(epsg).transform(lon, lat)
            if not np.isfinite([x, y]).all():
                x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
            near_x = np.clip(x, bounds[:, 0], bounds[:, 2])
            near_y = np.clip(y, bounds[:, 1], bounds[:, 3])
            near_lon, near_lat = to_grid(epsg).transform(near_x, near_y, direction="INVERSE")
            here = np.full_like(near_lon, lon), np.full_like(near_lon, lat)
            distance = _WGS84.inv(*here, near_lon, near_lat)[2]
            index = int(np.argmin(distance))
            reference = self._by_epsg[epsg][index]
            candidate = (float(distance[index]), reference.id, reference)
            best = candidate if best is None or candidate[:2] < best[:2] else best
        return None if best is None else (best[2], best[0])


def _degrees(epsg: int, bounds: np.ndarray) -> Bbox:
    """The box in degrees around all tiles of one CRS; west > east where it crosses 180 degrees."""
    xmin, ymin = bounds[:, :2].min(axis=0)
    xmax, ymax = bounds[:, 2:].max(axis=0)
    west, south, east, north = to_grid(epsg).transform_bounds(
        xmin, ymin, xmax, ymax, densify_pts=_EDGE_POINTS, direction="INVERSE"
    )
    margin = _MARGIN_DEGREES
    if (east - west) % 360 + 2 * margin >= 360 or (west, east) == (-180, 180):
        west, east = -180 + margin, 180 - margin
    return west - margin, max(south - margin, -90.0), east + margin, min(north + margin, 90.0)


def _parts(box: Bbox, domain: Bbox) -> Iterator[Bbox]:
    """The parts of a box that lie in another, both of which may cross 180 degrees."""
    south, north = max(box[1], domain[1]), min(box[3], domain[3])
    width = [
        east - west + (360 if east < west else 0) for west, east in ((box[0], box[2]), (domain[0], domain[2]))
    ]
    for turn in (-360, 0, 360):
        west = max(box[0] + turn, domain[0])
        east = min(box[0] + turn + width[0], domain[0] + width[1])
        if west <= east and south <= north:
            yield west, south, east, north


def _projected(box: Bbox, epsg: int) -> shapely.Geometry:
    """A box in degrees as a polygon in a CRS, its sides densified."""
    west, south, east, north = box
    along = np.linspace(0.0, 1.0, _EDGE_POINTS)
    across, up = west + (east - west) * along, south + (north - south) * along
    lon = np.concatenate([across, np.full_like(up, east), across[::-1], np.full_like(up, west)])
    lat = np.concatenate([np.full_like(across, south), up, np.full_like(across, north), up[::-1]])
    return shapely.make_valid(shapely.polygons(np.column_stack(to_grid(epsg).transform(lon, lat))))
