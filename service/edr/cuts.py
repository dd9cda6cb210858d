"""Which cells of a product a place means. A product lies on its own grid and is never resampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from service.edr.places import Place
from workers.cubes.grid import Grid
from workers.regions import degrees

__all__ = ["Cells", "Rectangle", "cells_along", "cells_at", "cells_inside", "rectangle_around"]

_STEPS_A_CELL = 4
_MARGIN_DEGREES = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Single cells in the order asked for: (N,) rows and columns."""

    rows: np.ndarray
    columns: np.ndarray

    @property
    def size(self) -> int:
        """How many cells."""
        return self.rows.size


@dataclass(frozen=True, slots=True, eq=False)
class Rectangle:
    """A window of cells."""

    rows: slice
    columns: slice
    inside: np.ndarray | None = None
    """(h, w) bool: those that are meant; None for all"""

    @property
    def size(self) -> int:
        """How many cells."""
        return (self.rows.stop - self.rows.start) * (self.columns.stop - self.columns.start)


def cells_at(grid: Grid, place: Place) -> Cells | None:
    """The cells that hold points; None where the grid holds none of them."""
    return _held(grid, place.project(shapely.get_coordinates(place.shape), grid.epsg))


def cells_along(grid: Grid, place: Place) -> Cells | None:
    """The cells that lines cross, in their order; None where the grid holds none of them.

    Lines are sampled four times a cell, so a corner that is cut by less may be left out.
    """
    reach = degrees(grid) if place.epsg is None else _reach(grid, place)
    around = shapely.box(*reach).buffer(_MARGIN_DEGREES if place.epsg is None else grid.spacing)
    found = [
        _sampled(grid, place, segment)
        for line in shapely.get_parts(place.shape)
        for segment in _segments(line, around)
    ]
    if not found:
        return None
    cells = _held(grid, np.concatenate(found))
    if cells is None:
        return None
    first = np.append(True, (np.diff(cells.rows) != 0) | (np.diff(cells.columns) != 0))
    return Cells(cells.rows[first], cells.columns[first])


def rectangle_around(grid: Grid, places: list[Place]) -> Rectangle | None:
    """The window of cells with their centre in one of the places; None where there is none."""
    found = _bounded(np.logical_or.reduce([_inside(grid, place) for place in places]))
    return found and Rectangle(found.rows, found.columns)


def cells_inside(grid: Grid, place: Place) -> Rectangle | None:
    """The window around the cells with their centre in an area, and which they are; None where none is."""
    return _bounded(_inside(grid, place))


def _inside(grid: Grid, place: Place) -> np.ndarray:
    """(height, width) bool: cells with their centre in the place; the one that holds it, if it has none."""
    x = grid.left + (np.arange(grid.width) + 0.5) * grid.spacing
    y = grid.top - (np.arange(grid.height) + 0.5) * grid.spacing
    east, north = (values.ravel() for values in np.meshgrid(x, y))
    shapely.prepare(place.shape)
    inside = shapely.contains_xy(place.shape, *place.coordinates(east, north, grid.epsg))
    inside = inside.reshape(grid.height, grid.width)
    if not inside.any():
        middle = shapely.get_coordinates(place.shape.representative_point())
        held = _held(grid, place.project(middle, grid.epsg))
        if held is not None:
            inside[held.rows, held.columns] = True
    return inside


def _bounded(inside: np.ndarray) -> Rectangle | None:
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    high, wide = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    return Rectangle(high, wide, inside[high, wide])


def _held(grid: Grid, points: np.ndarray) -> Cells | None:
    """The cells of those (N, 2) points that the grid holds."""
    points = points[np.isfinite(points).all(axis=1)]
    columns = np.floor((points[:, 0] - grid.left) / grid.spacing)
    rows = np.floor((grid.top - points[:, 1]) / grid.spacing)
    keep = (rows >= 0) & (rows < grid.height) & (columns >= 0) & (columns < grid.width)
    if not keep.any():
        return None
    return Cells(rows[keep].astype(np.int64), columns[keep].astype(np.int64))


def _reach(grid: Grid, place: Place) -> tuple[float, float, float, float]:
    """How far a grid reaches in the projected CRS of a place."""
    corners = np.array([[a, b] for a in grid.bounds[::2] for b in grid.bounds[1::2]])
    x, y = place.coordinates(*corners.T, grid.epsg)
    return x.min(), y.min(), x.max(), y.max()


def _segments(line: shapely.LineString, around: shapely.Polygon) -> list[np.ndarray]:
    """Those (2, 2) parts of a line's segments that come near, in their order and direction."""
    ends = shapely.get_coordinates(line)
    pairs = np.stack([ends[:-1], ends[1:]], axis=1)
    near = shapely.intersection(shapely.linestrings(pairs), around)
    found = []
    for pair, part in zip(pairs, near, strict=True):
        points = shapely.get_coordinates(part)
        if len(points) >= 2:
            along = points @ (pair[1] - pair[0])
            found.append(points[[along.argmin(), along.argmax()]])
    return found


def _sampled(grid: Grid, place: Place, segment: np.ndarray) -> np.ndarray:
    """(N, 2) points of the grid's CRS along a segment, four a cell."""
    start, end = place.project(segment, grid.epsg)
    count = max(2, int(np.ceil(_STEPS_A_CELL * np.hypot(*(end - start)) / grid.spacing)) + 1)
    share = np.linspace(0.0, 1.0, count)[:, None]
    return place.project(segment[0] + share * (segment[1] - segment[0]), grid.epsg)
