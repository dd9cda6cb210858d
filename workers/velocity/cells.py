"""Cells of a cube's grid: what is decided once for all pixels of one, by fixed pixels of it.

A choice that every pixel made for itself would cost more than its inversion, and be noisier. The cells are
10 x 10 pixels (a chunk of ITS_LIVE's cubes) counted from the corner of the cube that owns a pixel, so that
the answer depends neither on the window that is asked for nor on how it is cut; what a point reads for it
mostly lies in the chunk that it reads anyway.
"""

from __future__ import annotations

import numpy as np

from workers.cubes.mosaic import NOBODY, Mosaic, Piece
from workers.cubes.pairs import PairBlock, PairTable
from workers.velocity.calibration import Verdict
from workers.velocity.coefficient import RULES, Choice
from workers.velocity.invert import error_factor_of, scores_of
from workers.velocity.merged_guess import merged_guess
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import select_pairs

CELL = 10
"""Pixels of a side"""
FOUR = tuple((row, column) for row in (2, 7) for column in (2, 7))
NINE = tuple((row, column) for row in (1, 5, 8) for column in (1, 5, 8))
JUDGES = {"auto": FOUR, "lcurve": FOUR, "vvc": NINE}
"""Row and column in a cell of the pixels that judge, by the rule for the coefficient (vvc: the paper's)"""
FARTHEST = 8
"""Rows or columns from a pixel to those that judge for it, at most"""
Key = tuple[str, int, int]
"""A cell: name of the cube, row and column among its cells"""
Window = tuple[int, int, int, int]
"""Row, column, height, width"""
_Read = tuple[int, int, np.ndarray, np.ndarray]
"""Row and column of a pixel, vx and vy of its pairs"""


def judges_of(parameters: VelocityParameters) -> tuple[tuple[int, int], ...]:
    """Rows and columns in a cell of the pixels that judge; none where there is nothing to decide."""
    return JUDGES.get(str(parameters.coefficient), FOUR if parameters.interval == "calibrated" else ())


def around(row: int, column: int, halo: int, parameters: VelocityParameters) -> Window:
    """What a pixel of a cube needs: its neighbours, and those that judge for it; may leave the grid."""
    judges = judges_of(parameters)
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
        decided: dict[Key, Verdict | None] | None = None,
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
        self._read: dict[Key, list[_Read]] = {}
        places = judges_of(parameters)
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

    def last_row(self, row: int) -> int:
        """The last row of the mosaic that must be read before the cells of a row of the window decide."""
        touched = set(self._keys(row - self._window[0]))
        return max([row, *(at[1] for at, key in self._judging.items() if key in touched)])

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

    def verdict(self, row: int, column: int) -> Verdict | None:
        """What the judges of a pixel's cell have decided; None where they cannot tell, or nobody asks."""
        at = row - self._window[0], column - self._window[1]
        cube = self._owners[at]
        key = self._mosaic.cubes[cube].id, *(int(index) for index in self._cells[:, *at])
        if key in self._read:
            self._decided[key] = self._decide(self._mosaic.cubes[cube].table(), self._read.pop(key))
        return self._decided.get(key)

    def _decide(self, table: PairTable, read: list[_Read]) -> Verdict | None:
        asked, judges = self._parameters, []
        # In one order, however the cube was read: sums of floats depend on it.
        for *_, vx, vy in sorted(read, key=lambda pixel: pixel[:2]):
            selected = select_pairs(table, vx, vy, asked)
            if len(selected):
                judges.append((selected, merged_guess(selected, asked.guess)))
        if isinstance(asked.coefficient, str):
            choice = RULES[asked.coefficient].decide(scores_of(*judge, asked) for judge in judges)
        else:
            choice = Choice(asked.coefficient) if judges else None
        if choice is None or asked.interval != "calibrated":
            return choice and Verdict(choice, float("nan"))
        factors = np.array([error_factor_of(*judge, asked, choice) for judge in judges])
        known = factors[np.isfinite(factors)]
        return Verdict(choice, float(np.sqrt((known**2).mean())) if known.size else float("nan"))
