"""A cube read in many small windows near each other, whose chunks stay in memory for a while."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Executor, Future
from threading import Lock

import numpy as np

from workers.cubes.cube import Cube
from workers.cubes.grid import Grid
from workers.cubes.pairs import PairBlock, PairTable

KEPT_BYTES = 512 << 20
"""Velocities that are kept of one cube"""
_LARGEST_SHARE = 4
"""Chunks larger than this part of it are not kept: what is asked of them is read alone"""


class KeptChunks:
    """Stands for a cube where windows are read one after the other; each chunk is fetched once.

    Whole chunks are read, since a chunk is fetched and decoded whole in any case. The least recently asked
    for are given up first. Threads may share it.
    """

    def __init__(self, cube: Cube, ahead: Executor) -> None:
        """Stand for a cube; `ahead` runs the reads."""
        self._cube = cube
        self._ahead = ahead
        deep, across = cube.chunk
        size = deep * across * cube.layers * 2 * np.dtype(np.float32).itemsize
        self._most = KEPT_BYTES // size if size <= KEPT_BYTES // _LARGEST_SHARE else 0
        self._blocks: OrderedDict[tuple[int, int], Future[PairBlock]] = OrderedDict()
        self._arranging = Lock()

    @property
    def id(self) -> str:
        """The cube's name."""
        return self._cube.id

    @property
    def grid(self) -> Grid:
        """The cube's grid."""
        return self._cube.grid

    @property
    def chunk(self) -> tuple[int, int]:
        """Rows and columns of a stored chunk."""
        return self._cube.chunk

    def table(self) -> PairTable:
        """What all pixels share, as `Cube.table`."""
        return self._cube.table()

    def expect(self, row: int, column: int, height: int, width: int) -> None:
        """Begin to read what a window will need, as far as it lies on the grid; does not wait."""
        if self._most:
            top, left = max(row, 0), max(column, 0)
            bottom, right = min(row + height, self.grid.height), min(column + width, self.grid.width)
            for index in self._chunks(top, left, bottom - top, right - left):
                self._block(index)

    def read(self, row: int, column: int, height: int, width: int) -> PairBlock:
        """The velocities of a window inside the grid, as `Cube.read`.

        Raises:
            SourceUnavailable, ChunkUnreadable: as `Cube.read` does.
        """
        if not self._most:
            return self._cube.read(row, column, height, width)
        shape = (height, width, len(self.table()))
        vx, vy = np.empty(shape, np.float32), np.empty(shape, np.float32)
        parts = [self._block(index) for index in self._chunks(row, column, height, width)]
        for block in (part.result() for part in parts):
            deep, across, _ = block.vx.shape
            top, left = max(row, block.row), max(column, block.column)
            bottom, right = min(row + height, block.row + deep), min(column + width, block.column + across)
            here = slice(top - row, bottom - row), slice(left - column, right - column)
            there = (
                slice(top - block.row, bottom - block.row),
                slice(left - block.column, right - block.column),
            )
            vx[here], vy[here] = block.vx[there], block.vy[there]
        return PairBlock(row, column, vx, vy)

    def _chunks(self, row: int, column: int, height: int, width: int) -> list[tuple[int, int]]:
        deep, across = self.chunk
        return [
            (down, right)
            for down in range(row // deep, -(-(row + height) // deep))
            for right in range(column // across, -(-(column + width) // across))
        ]

    def _block(self, index: tuple[int, int]) -> Future[PairBlock]:
        """The read of a chunk, begun now or before."""
        with self._arranging:
            if index not in self._blocks:
                deep, across = self.chunk
                row, column = index[0] * deep, index[1] * across
                height, width = min(deep, self.grid.height - row), min(across, self.grid.width - column)
                self._blocks[index] = self._ahead.submit(self._cube.read, row, column, height, width)
            self._blocks.move_to_end(index)
            while len(self._blocks) > self._most:
                self._blocks.popitem(last=False)
            return self._blocks[index]
