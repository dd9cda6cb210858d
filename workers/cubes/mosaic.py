"""Cubes on one lattice as one field of pixels: who owns a pixel, and in which pieces a window is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workers.cubes.grid import Grid
from workers.errors import CubeInvalid

NOBODY = -1


class Tile(Protocol):
    """What a mosaic needs to know of a cube."""

    @property
    def id(self) -> str: ...
    @property
    def grid(self) -> Grid: ...
    @property
    def chunk(self) -> tuple[int, int]: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """One row of source chunks of one cube, as far as a window needs it; rows and columns of the mosaic."""

    cube: int
    row: int
    column: int
    height: int
    width: int


class Mosaic:
    """Cubes whose cells coincide, seen from one grid (a product's, or a cube's own).

    Where cubes overlap, a pixel belongs to the one whose edge is farthest from the pixel's centre, ties by
    name: the same rule for a point and for a region, so that both read the same pairs.
    """

    def __init__(self, cubes: Sequence[Tile], grid: Grid) -> None:
        """Arrange cubes on a grid.

        Raises:
            CubeInvalid: the cells of a cube do not coincide with those of the grid.
        """
        self.cubes = tuple(sorted(cubes, key=lambda cube: cube.id))
        self.grid = grid
        self._offsets = []
        for cube in self.cubes:
            offset = cube.grid.offset(grid)
            if offset is None:
                raise CubeInvalid(
                    f"The cells of cube {cube.id} do not coincide with those of its neighbours; "
                    "ask for a region inside one cube."
                )
            self._offsets.append(offset)

    def owners(self, row: int, column: int, height: int, width: int) -> np.ndarray:
        """(height, width) int: for each pixel of a window the index in `cubes` of its owner, or NOBODY."""
        rows = np.arange(row, row + height)[:, None]
        columns = np.arange(column, column + width)[None, :]
        owner = np.full((height, width), NOBODY)
        farthest = np.zeros((height, width))
        for index, (cube, (top, left)) in enumerate(zip(self.cubes, self._offsets, strict=True)):
            vertical = np.minimum(rows - top, top + cube.grid.height - 1 - rows)
            horizontal = np.minimum(columns - left, left + cube.grid.width - 1 - columns)
            depth = np.minimum(vertical, horizontal) + 0.5
            mine = depth > farthest
            owner[mine] = index
            farthest[mine] = depth[mine]
        return owner

    def pieces(self, row: int, column: int, height: int, width: int) -> list[Piece]:
        """What must be read for a window, from north to south: each chunk row of each cube once."""
        found = []
        for index, (cube, (top, left)) in enumerate(zip(self.cubes, self._offsets, strict=True)):
            first, last = max(row, top), min(row + height, top + cube.grid.height)
            west, east = max(column, left), min(column + width, left + cube.grid.width)
            if west >= east:
                continue
            edge = first
            while edge < last:
                end = min(last, top + ((edge - top) // cube.chunk[0] + 1) * cube.chunk[0])
                found.append(Piece(index, edge, west, end - edge, east - west))
                edge = end
        return sorted(found, key=lambda piece: (piece.row, piece.column, piece.cube))

    def local(self, cube: int, row: int, column: int) -> tuple[int, int]:
        """Row and column of a pixel in a cube, which need not hold it."""
        top, left = self._offsets[cube]
        return row - top, column - left

    def place(self, piece: Piece) -> tuple[int, int]:
        """Row and column of a piece's first pixel in its own cube."""
        return self.local(piece.cube, piece.row, piece.column)

    def chunk_columns(self, piece: Piece) -> list[Piece]:
        """A piece cut at the chunk columns of its cube."""
        left, size = self._offsets[piece.cube][1], self.cubes[piece.cube].chunk[1]
        parts, edge, last = [], piece.column, piece.column + piece.width
        while edge < last:
            end = min(last, left + ((edge - left) // size + 1) * size)
            parts.append(Piece(piece.cube, piece.row, edge, piece.height, end - edge))
            edge = end
        return parts
