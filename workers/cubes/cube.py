"""One open cube: its grid, its table of pairs, and the velocities of windows of pixels."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from itertools import pairwise
from threading import Lock

import numpy as np
from numba import njit

from workers.cubes.georeference import georeference
from workers.cubes.grid import Grid
from workers.cubes.layout import VELOCITIES, Layout, read_layout
from workers.cubes.pairs import PairBlock, PairTable
from workers.cubes.reference import Access, CubeReference
from workers.cubes.source import Source, Variable
from workers.cubes.table import pair_table
from workers.cubes.zarr_source import ZarrSource
from workers.errors import CubeChanged, CubeInvalid
from workers.regions import to_grid

_NETCDF = (".nc", ".nc4", ".h5")
TILE = 128
"""Layers that are turned over at once"""


def open_cube(href: str, access: Access, reference: CubeReference | None = None) -> Cube:
    """Open a cube in Zarr 2, Zarr 3 or NetCDF-4 and read its metadata; no values yet.

    Args:
        href: a local path, or a URL with s3, http or https.
        access: how S3 is reached.
        reference: the catalog's entry; without it one is made from the cube itself.

    Raises:
        SourceUnavailable: there is no such cube, or its store did not answer.
        CubeInvalid: it lacks what an inversion needs, or is not where the catalog says.
    """
    return Cube(_source(href, access), href, reference)


def _source(href: str, access: Access) -> Source:
    if href.endswith(_NETCDF):
        from workers.cubes.netcdf_source import NetcdfSource  # costly to import, and seldom needed

        return NetcdfSource(href, access)
    return ZarrSource(href, access)


class Cube:
    """An open cube; holds metadata and, once asked for, the table of pairs, but no velocities.

    Threads may share it.
    """

    def __init__(self, source: Source, href: str, reference: CubeReference | None = None) -> None:
        self._source = source
        self._layout: Layout = read_layout(source)
        self._table: PairTable | None = None
        self._reading_table = Lock()
        self.grid: Grid = georeference(source, self._layout.velocities[0])
        if reference is not None and reference.epsg != self.grid.epsg:
            raise CubeInvalid(
                f"Cube {reference.id} lies in EPSG:{self.grid.epsg}, but its catalog says "
                f"EPSG:{reference.epsg}."
            )
        made = reference or CubeReference(source.name, href, self.grid.epsg, self.grid.bounds)
        self.reference: CubeReference = dataclasses.replace(made, bounds=self.grid.bounds)
        """As the catalog has it, with the true edges of the grid"""
        self.fingerprint = _fingerprint(source.metadata())
        """Hash of the bytes of the metadata"""
        self.last_modified = _moment((source.attributes() or {}).get("date_updated"))
        """RFC 3339, as the cube states it; None if it does not"""
        self.media_type = source.media_type

    @property
    def id(self) -> str:
        """The cube's name."""
        return self.reference.id

    @property
    def layers(self) -> int:
        """Stored image pairs."""
        return self._layout.layers

    @property
    def chunk(self) -> tuple[int, int]:
        """Rows and columns of a stored chunk."""
        return self._layout.chunk

    def table(self) -> PairTable:
        """What all pixels share; read at the first call, six to eight 1-D arrays side by side.

        Raises:
            SourceUnavailable, ChunkUnreadable: the arrays cannot be read.
            CubeInvalid: their dates are not understood.
        """
        with self._reading_table:
            if self._table is None:
                variables = {variable.name: variable for variable in self._layout.pairs}
                stored = self._source.read([(name, (slice(None),)) for name in variables])
                self._table = pair_table(self.id, variables, dict(zip(variables, stored, strict=True)))
            return self._table

    def check_unchanged(self) -> None:
        """Ask the store whether the cube is still the one that was opened.

        Raises:
            CubeChanged: it is another by now.
            SourceUnavailable: the store did not answer.
        """
        if _fingerprint(self._source.metadata_now()) != self.fingerprint:
            raise CubeChanged(f"Cube {self.id} changed while it was read; send the request again.")

    def record(self) -> tuple[int, int]:
        """The first day1 and the last day2 of the table."""
        return self.table().record

    def locate(self, lon: float, lat: float) -> tuple[int, int, float, float] | None:
        """Row and column of the pixel that holds a place, and the place's x and y; None outside the grid."""
        x, y = to_grid(self.grid.epsg).transform(lon, lat)
        if not np.isfinite([x, y]).all():
            return None
        row, column = self.grid.cell(x, y)
        return (row, column, x, y) if self.grid.holds(row, column) else None

    def read(self, row: int, column: int, height: int, width: int) -> PairBlock:
        """The velocities of a window of pixels inside the grid, in the order of the table.

        Saturated values (32767) stay what they are: the saturation filter knows them.

        Raises:
            SourceUnavailable: the store did not answer.
            ChunkUnreadable: a chunk cannot be decoded; names it.
        """
        inside = self.grid.holds(row, column) and self.grid.holds(row + height - 1, column + width - 1)
        if not inside or height < 1 or width < 1:
            raise ValueError(f"window {row, column, height, width} is not inside {self.grid}")
        parts = self._chunk_columns(column, width)
        rows = slice(None), slice(row, row + height)
        wanted = [(name, (*rows, part)) for part in parts for name in VELOCITIES]
        # Taken off the end one by one, so that what is arranged is not kept as stored.
        stored = self._source.read(wanted)[::-1]
        order = self.table().order
        block = PairBlock(row, column, *np.empty((2, height, width, order.size), np.float32))
        for part in parts:
            for variable, arranged in zip(self._layout.velocities, (block.vx, block.vy), strict=True):
                arrange(stored.pop(), order, variable, arranged, part.start - column)
        return block

    def _chunk_columns(self, column: int, width: int) -> list[slice]:
        """The columns of a window, cut where its chunks are: a chunk is copied whole, not line by line."""
        across, last = self.chunk[1], column + width
        edges = [column, *range((column // across + 1) * across, last, across), last]
        return [slice(*edge) for edge in pairwise(edges)]


def arrange(
    stored: np.ndarray, order: np.ndarray, variable: Variable, arranged: np.ndarray, column: int = 0
) -> None:
    """Turn (layers, rows, columns) as stored into series of pixels, float32, NaN where missing.

    Args:
        stored: values of a window, or of some columns of it.
        order: (n,) the layer of each pair.
        variable: tells the missing values.
        arranged: (rows, columns of the window, n) float32, filled from `column` on.
    """
    native = np.ascontiguousarray(stored, stored.dtype.newbyteorder("="))
    with np.errstate(over="ignore"):
        _turn(native, order, np.array(variable.missing, np.float32), arranged, column)


@njit(nogil=True, cache=True)
def _turn(stored, order, missing, arranged, begin):
    """Layers as stored, side by side for each pixel: a tile of them at a time stays in the cache."""
    # Unsigned places in one long row: no index needs to be asked whether it counts from the end.
    _, rows, columns = stored.shape
    flat, layers = stored.ravel(), np.empty(TILE, np.uint64)
    for start in range(0, order.size, TILE):
        size = min(TILE, order.size - start)
        for k in range(size):
            layers[k] = order[start + k] * rows * columns
        for row in range(rows):
            for column in range(columns):
                pixel = np.uint64(row * columns + column)
                series = arranged[row, begin + column, start : start + size]
                for k in range(size):
                    series[k] = flat[layers[k] + pixel]
                for value in missing:
                    for k in range(size):
                        series[k] = np.float32(np.nan) if series[k] == value else series[k]


def _fingerprint(metadata: bytes) -> str:
    return f"sha256:{hashlib.sha256(metadata).hexdigest()}"


def _moment(text: object) -> str | None:
    """RFC 3339 of ITS_LIVE's `25-Sep-2023 21:37:37` (UTC) or of an ISO 8601 moment."""
    try:
        moment = dt.datetime.strptime(str(text), "%d-%b-%Y %H:%M:%S")
    except ValueError:
        try:
            moment = dt.datetime.fromisoformat(str(text))
        except ValueError:
            return None
    utc = moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
