"""The regular grid of a cube or a product, in projected coordinates."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grid:
    """A north-up grid: `left` and `top` are the outer edges (m) of cell (0, 0), rows run south."""

    epsg: int
    left: float
    top: float
    spacing: float
    height: int
    width: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Outer edges: xmin, ymin, xmax, ymax in metres."""
        return (
            self.left,
            self.top - self.height * self.spacing,
            self.left + self.width * self.spacing,
            self.top,
        )

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """Affine transform from (column, row) to (x, y) of outer corners, row-major, as STAC writes it."""
        return (self.spacing, 0.0, self.left, 0.0, -self.spacing, self.top)

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the cell that holds a place; they may lie outside the grid."""
        return math.floor((self.top - y) / self.spacing), math.floor((x - self.left) / self.spacing)

    def holds(self, row: int, column: int) -> bool:
        """Whether a cell is one of the grid's."""
        return 0 <= row < self.height and 0 <= column < self.width

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """x and y of a cell's centre."""
        return self.left + (column + 0.5) * self.spacing, self.top - (row + 0.5) * self.spacing

    def window(self, row: int, column: int, height: int, width: int) -> Grid:
        """The grid of a part of this one; it may reach beyond it."""
        return Grid(
            self.epsg,
            self.left + column * self.spacing,
            self.top - row * self.spacing,
            self.spacing,
            height,
            width,
        )

    def offset(self, other: Grid) -> tuple[int, int] | None:
        """Row and column of this grid's first cell in another grid; None if the cells do not coincide."""
        row, column = (other.top - self.top) / other.spacing, (self.left - other.left) / other.spacing
        same = self.epsg == other.epsg and self.spacing == other.spacing
        if not same or abs(row - round(row)) > 1e-6 or abs(column - round(column)) > 1e-6:
            return None
        return round(row), round(column)
