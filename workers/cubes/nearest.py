"""Places of one grid on another: the nearest pixel, and how vectors turn on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.cubes.grid import Grid
from workers.regions import between

ARROW = 1000.0
"""Metres: length of the displacements whose both ends are mapped, short where projections bend"""


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """Where k places lie on a grid."""

    row: np.ndarray
    """(k,) int64, of the cell that holds the place, whose centre is the nearest"""
    column: np.ndarray
    """(k,) int64"""
    depth: np.ndarray
    """(k,) float64, metres to the nearest edge of the grid; not above 0 outside it"""
    cosine: np.ndarray
    """(k,) float64, of the turn of vectors from the grid's axes to those that the places came in"""
    sine: np.ndarray
    """(k,) float64"""

    def turned(self, vx: np.ndarray, vy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors (k, n) along the grid's axes as vectors along the other ones; their length stays."""
        cosine, sine = self.cosine[:, None], self.sine[:, None]
        x, y = cosine * vx - sine * vy, sine * vx + cosine * vy
        return x.astype(np.float32), y.astype(np.float32)


def nearest(x: np.ndarray, y: np.ndarray, epsg: int, grid: Grid) -> Nearest:
    """Find places (k,), in metres of a CRS, on a grid that may have another.

    The turn is that of short displacements, both ends of which are mapped from the grid's CRS (3.3.2). Only
    their direction is taken: velocities have true ground length on both sides, and the scales of the
    projections must not change it. All of it is arithmetic that rounds alike for one place and for many.
    """
    x, y = between(epsg, grid.epsg).transform(x, y)
    xmin, ymin, xmax, ymax = grid.bounds
    depth = np.minimum(np.minimum(x - xmin, xmax - x), np.minimum(y - ymin, ymax - y))
    depth = np.where(np.isfinite(depth), depth, -np.inf)
    inside = depth > 0
    column = np.floor(np.where(inside, x - grid.left, 0.0) / grid.spacing).astype(np.int64)
    row = np.floor(np.where(inside, grid.top - y, 0.0) / grid.spacing).astype(np.int64)
    cosine, sine = _turn(x, y, grid.epsg, epsg)
    return Nearest(row, column, depth, cosine, sine)


def _turn(x: np.ndarray, y: np.ndarray, origin: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosine and sine of the angle by which vectors at places of one CRS turn into another."""
    if origin == target:
        return np.ones(x.shape), np.zeros(x.shape)
    half, to = ARROW / 2, between(origin, target)
    east_x, east_y = to.transform(x + half, y)
    west_x, west_y = to.transform(x - half, y)
    north_x, north_y = to.transform(x, y + half)
    south_x, south_y = to.transform(x, y - half)
    along = (east_x - west_x) + (north_y - south_y)
    across = (east_y - west_y) - (north_x - south_x)
    length = np.sqrt(along * along + across * across)
    # A place that is not on the map of the other CRS has no turn, and is inside no grid there.
    with np.errstate(invalid="ignore"):
        return along / length, across / length
