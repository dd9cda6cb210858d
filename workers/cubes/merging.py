"""Cubes of several data sets as one: their pairs stacked on the grid of the first (5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workers.cubes.grid import Grid
from workers.cubes.mosaic import Tile
from workers.cubes.nearest import Nearest, nearest
from workers.cubes.pairs import PairBlock, PairTable

MAIN = "main"
"""What the data set is called that the grid comes from"""


class Readable(Tile, Protocol):
    """A cube, or what stands for one."""

    def table(self) -> PairTable: ...
    def read(self, row: int, column: int, height: int, width: int) -> PairBlock: ...


@dataclass(frozen=True, slots=True, eq=False)
class DataSet:
    """Cubes of one origin, on any grids."""

    name: str
    cubes: tuple[Readable, ...]


def data_sets(names: Sequence[str], cubes: Iterable[tuple[str, Readable]]) -> list[DataSet]:
    """The data sets of some names, from cubes with the name of the set that each is of."""
    sets: dict[str, list[Readable]] = {name: [] for name in names}
    for name, cube in cubes:
        sets[name].append(cube)
    return [DataSet(name, tuple(held)) for name, held in sets.items()]


class MergedCube:
    """A cube with the pairs of further data sets at its own pixels; to a mosaic a cube like any other.

    A pixel takes the nearest pixel of each further set, and where cubes of one set overlap that of the cube
    whose edge is farthest from the pixel's centre, ties by name. Vectors are turned into the cube's
    projection. What a pixel gets depends on the pixel alone, not on the window that is read.
    """

    def __init__(self, cube: Readable, others: Sequence[DataSet]) -> None:
        self.cube = cube
        self.others = tuple(
            DataSet(other.name, tuple(sorted(other.cubes, key=lambda each: each.id))) for other in others
        )
        sources = [
            (0, cube),
            *((code, each) for code, other in enumerate(self.others, 1) for each in other.cubes),
        ]
        self._table, self._places = stacked(
            (MAIN, *(other.name for other in self.others)),
            [(code, each.table(), each.grid.epsg != cube.grid.epsg) for code, each in sources],
        )

    @property
    def id(self) -> str:
        """The name of the cube that the grid comes from."""
        return self.cube.id

    @property
    def grid(self) -> Grid:
        """Its grid."""
        return self.cube.grid

    @property
    def chunk(self) -> tuple[int, int]:
        """Rows and columns of one of its stored chunks."""
        return self.cube.chunk

    def table(self) -> PairTable:
        """The pairs of all cubes."""
        return self._table

    def read(self, row: int, column: int, height: int, width: int) -> PairBlock:
        """The velocities of a window of pixels, as `Cube.read` gives them, of all data sets.

        Raises:
            SourceUnavailable, ChunkUnreadable: a store or a chunk of any of the cubes is at fault.
        """
        own, *places = self._places
        block = self.cube.read(row, column, height, width)
        vx, vy = (np.full((height * width, len(self._table)), np.nan, np.float32) for _ in range(2))
        vx[:, own], vy[:, own] = (part.reshape(height * width, -1) for part in (block.vx, block.vy))
        columns, rows = np.meshgrid(np.arange(column, column + width), np.arange(row, row + height))
        x, y = self.grid.centre(rows.ravel(), columns.ravel())
        numbered = iter(places)
        for other in self.others:
            for found, mine, cube in _owned(other.cubes, x, y, self.grid.epsg):
                place = next(numbered)
                for pixels, part_x, part_y in _gathered(cube, found, mine):
                    vx[pixels[:, None], place], vy[pixels[:, None], place] = part_x, part_y
        shape = (height, width, len(self._table))
        return PairBlock(row, column, vx.reshape(shape), vy.reshape(shape))


def _owned(
    cubes: Sequence[Readable], x: np.ndarray, y: np.ndarray, epsg: int
) -> Iterator[tuple[Nearest, np.ndarray, Readable]]:
    """For each cube of a data set where the places lie on it, and which of them (k,) bool are its own."""
    found = [nearest(x, y, epsg, cube.grid) for cube in cubes]
    farthest = np.max([each.depth for each in found], axis=0, initial=0.0)
    taken = np.zeros(x.shape, bool)
    for each, cube in zip(found, cubes, strict=True):
        mine = (each.depth == farthest) & (farthest > 0) & ~taken
        taken |= mine
        yield each, mine, cube


def _gathered(
    cube: Readable, found: Nearest, mine: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The places (j,) that a cube owns and their velocities (j, n), turned, chunk by chunk."""
    (deep, across), (owned,) = cube.chunk, np.nonzero(mine)
    chunks = np.stack([found.row[owned] // deep, found.column[owned] // across], axis=1)
    for chunk in np.unique(chunks, axis=0):
        pixels = owned[(chunks == chunk).all(axis=1)]
        row, column = found.row[pixels], found.column[pixels]
        top, left = int(row.min()), int(column.min())
        block = cube.read(top, left, int(row.max()) - top + 1, int(column.max()) - left + 1)
        vx, vy = block.vx[row - top, column - left], block.vy[row - top, column - left]
        part = Nearest(row, column, found.depth[pixels], found.cosine[pixels], found.sine[pixels])
        yield pixels, *part.turned(vx, vy)


def stacked(
    names: tuple[str, ...], tables: Sequence[tuple[int, PairTable, bool]]
) -> tuple[PairTable, list[np.ndarray]]:
    """The pairs of several tables as one in canonical order, and the places in it of each table's own.

    Args:
        names: of the data sets.
        tables: the place in `names` of each table's set, the table, and whether its vectors are turned. The
            stated errors of turned vectors become their root mean square in both components: by how much
            they turn differs from pixel to pixel.
    """
    sensors = tuple(sorted({name for _, table, _ in tables for name in table.sensors}))
    columns: dict[str, list[np.ndarray]] = {
        name: [] for name in ("day1", "day2", "error_x", "error_y", "sensor", "order", "dataset", "source")
    }
    for number, (code, table, turned) in enumerate(tables):
        error_x, error_y = table.error_x, table.error_y
        if turned:
            error_x = error_y = np.sqrt((error_x**2 + error_y**2) / 2)
        codes = np.array([sensors.index(name) for name in table.sensors], np.uint8)
        parts = {
            "day1": table.day1,
            "day2": table.day2,
            "error_x": error_x,
            "error_y": error_y,
            "sensor": codes[table.sensor],
            "order": table.order,
            "dataset": np.full(len(table), code, np.uint8),
            "source": np.full(len(table), number),
        }
        for name, part in parts.items():
            columns[name].append(part)
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    number = whole.pop("source")
    by = ("order", "dataset", "sensor", "error_y", "error_x", "day2", "day1")
    order = np.lexsort((number, *(whole[name] for name in by)))
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    ends = np.cumsum([len(table) for _, table, _ in tables])
    places = np.split(rank, ends[:-1])
    table = PairTable(**{name: part[order] for name, part in whole.items()}, sensors=sensors, datasets=names)
    return table, places
