"""Cells of a cube's grid: what is decided once for all pixels of one, by fixed pixels of it.

A choice that every pixel made for itself would cost more than its inversion, and be noisier. The cells are
10 x 10 pixels (a chunk of ITS_LIVE's cubes) counted from the corner of the cube that owns a pixel, so that
the answer depends neither on the window that is asked for nor on how it is cut; what a point reads for it
mostly lies in the chunk that it reads anyway.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workers.cubes.mosaic import NOBODY, Mosaic, Piece
from workers.cubes.pairs import PairBlock
from workers.velocity.coefficient import RULES, Choice, Scores
from workers.velocity.invert import scores_of
from workers.velocity.merged_guess import merged_guess
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import select_pairs

CELL = 10
"""Pixels of a side"""
FOUR = tuple((row, column) for row in (2, 7) for column in (2, 7))
NINE = tuple((row, column) for row in (1, 5, 8) for column in (1, 5, 8))
JUDGES = {"auto": FOUR, "lcurve": FOUR, "vvc": NINE}
"""Row and column in a cell of the pixels that decide on the coefficient, by rule (vvc: as in the paper)"""
FARTHEST = 8
"""Rows or columns from a pixel to those that judge for it, at most"""
Key = tuple[str, int, int]
"""A cell: name of the cube, row and column among its cells"""
Window = tuple[int, int, int, int]
"""Row, column, height, width"""


def around(row: int, column: int, halo: int, parameters: VelocityParameters) -> Window:
    """What a pixel of a cube needs: its neighbours, and those that judge for it; may leave the grid."""
    judges = JUDGES.get(str(parameters.coefficient), ())
    rows = [row - halo, row + halo, *(row // CELL * CELL + place[0] for place in judges)]
    columns = [column - halo, column + halo, *(column // CELL * CELL + place[1] for place in judges)]
    top, left = min(rows), min(columns)
    return top, left, max(rows) - top + 1, max(columns) - left + 1


class Cells:
    """The cells that a window of a mosaic touches."""

    def __init__(
        self,
        mosaic: Mosaic,
        window: Window,
        parameters: VelocityParameters,
        decided: dict[Key, Choice | None] | None = None,
    ) -> None:
        """Find them.

        Args:
            mosaic: the cubes.
            window: the pixels to be solved, in the mosaic's grid.
            parameters: the user's choices.
            decided: what windows before have decided, to be used and added to.
        """
        self._mosaic, self._window, self._parameters = mosaic, window, parameters
        self._decided = {} if decided is None else decided
        row, column, height, width = window
        owners = mosaic.owners(*window)
        self._cells = np.full((2, height, width), NOBODY)
        self._owners = owners
        self._judging: dict[tuple[int, int, int], Key] = {}
        """Cube, row and column of the pixels that judge, in the mosaic's grid"""
        self._read: dict[Key, list[tuple[int, int, np.ndarray, np.ndarray]]] = {}
        places = JUDGES.get(str(parameters.coefficient), ())
        rows, columns = np.mgrid[row : row + height, column : column + width]
        for cube in np.unique(owners[owners != NOBODY]) if places else ():
            mine = owners == cube
            local = np.stack(mosaic.local(cube, rows[mine], columns[mine]))
            self._cells[:, mine] = local // CELL
            for cell in np.unique(local // CELL, axis=1).T:
                self._summon(int(cube), (int(cell[0]), int(cell[1])), places)

    def _summon(self, cube: int, cell: tuple[int, int], places: tuple[tuple[int, int], ...]) -> None:
        key = self._mosaic.cubes[cube].id, *cell
        if key in self._decided:
            return
        self._read[key] = []
        top, left = self._mosaic.local(cube, 0, 0)
        for place in places:
            down, across = cell[0] * CELL + place[0], cell[1] * CELL + place[1]
            if self._mosaic.cubes[cube].grid.holds(down, across):
                self._judging[cube, down - top, across - left] = key

    def reach(self, halo: int) -> Window:
        """What must be read: the window with a halo, and the pixels that judge."""
        row, column, height, width = self._window
        rows = [row - halo, row + height + halo - 1, *(at[1] for at in self._judging)]
        columns = [column - halo, column + width + halo - 1, *(at[2] for at in self._judging)]
        top, left = min(rows), min(columns)
        return top, left, max(rows) - top + 1, max(columns) - left + 1

    def last_row(self, row: int, halo: int) -> int:
        """The last row of the mosaic that must be read before a row of the window can be solved."""
        touched = set(self._keys(row - self._window[0]))
        return max([row + halo, *(at[1] for at, key in self._judging.items() if key in touched)])

    def _keys(self, at: int) -> list[Key]:
        """The cells of a row of the window, pixel by pixel; of no cube where nobody owns a pixel."""
        names = [cube.id for cube in self._mosaic.cubes] + [""]
        places = zip(self._owners[at], *self._cells[:, at].tolist(), strict=True)
        return [(names[cube], *cell) for cube, *cell in places]

    def take(self, piece: Piece, block: PairBlock) -> None:
        """Keep what a part of a cube, read, holds of the pixels that judge."""
        for (cube, row, column), key in self._judging.items():
            down, across = row - piece.row, column - piece.column
            if cube == piece.cube and 0 <= down < piece.height and 0 <= across < piece.width:
                pair = block.vx[down, across].copy(), block.vy[down, across].copy()
                self._read[key].append((row, column, *pair))

    def choice(self, row: int, column: int) -> Choice | None:
        """What the judges of a pixel's cell have chosen; None where they cannot tell, or nobody asks them."""
        at = row - self._window[0], column - self._window[1]
        cube = self._owners[at]
        key = self._mosaic.cubes[cube].id, *(int(index) for index in self._cells[:, *at])
        if key in self._read:
            self._decided[key] = RULES[self._parameters.coefficient].decide(self._scores(cube, key))
        return self._decided.get(key)

    def _scores(self, cube: int, key: Key) -> Iterator[Scores]:
        table = self._mosaic.cubes[cube].table()
        # In one order, however the cube was read: sums of floats depend on it.
        for *_, vx, vy in sorted(self._read.pop(key), key=lambda read: read[:2]):
            selected = select_pairs(table, vx, vy, self._parameters)
            if len(selected):
                guess = merged_guess(selected, self._parameters.guess)
                yield scores_of(selected, guess, self._parameters)
