"""A window of pixels, inverted row by row while the cubes are read chunk row by chunk row.

Every chunk that the window (and its halo of one pixel) touches is read once. A chunk row is read while the
one before it is solved: no more than these two, and two pixel rows of selected pairs, are held at a time. The
result of a pixel depends on its own pairs and on the first guesses of its eight neighbours, never on how the
window is cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

import numpy as np

from workers.cubes.mosaic import NOBODY, Mosaic, Piece
from workers.cubes.pairs import PairBlock, PairTable
from workers.errors import ChunkUnreadable, PairsUnsolvable, SourceError
from workers.linear.banded import NotPositiveDefinite, on_one_thread
from workers.telemetry import measures, spans
from workers.velocity.calibration import Verdict
from workers.velocity.cells import Cells, Key
from workers.velocity.guess import mean_guess
from workers.velocity.invert import invert_pixel
from workers.velocity.merged_guess import merged_guess
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import SelectedPairs, select_pairs
from workers.velocity.series import PixelSeries
from workers.windows import Windows

HALO = 1
BlockState = Literal["done", "empty", "failed"]


@dataclass(frozen=True, slots=True, eq=False)
class SolvedPixel:
    """One pixel's answer and what it was made from; row and column of the mosaic."""

    row: int
    column: int
    series: PixelSeries
    table: PairTable
    vx: np.ndarray
    vy: np.ndarray


@dataclass(slots=True)
class Reading:
    """What happened while a window was read."""

    failures: list[SourceError] = field(default_factory=list)
    """Chunks that could not be read, and pixels that could not be solved"""
    lost: list[Piece] = field(default_factory=list)
    """The parts of the window that these chunks held"""
    seconds: float = 0.0
    """Time that reading and decoding took, by the clock; most of it passes while pixels are solved"""


@dataclass(slots=True, eq=False)
class _Prepared:
    selected: SelectedPairs
    table: PairTable
    vx: np.ndarray
    vy: np.ndarray


def solve_window(
    mosaic: Mosaic,
    row: int,
    column: int,
    height: int,
    width: int,
    windows: Windows,
    parameters: VelocityParameters,
    reading: Reading,
    on_block: Callable[[BlockState, Piece], None] = lambda state, piece: None,
    decided: dict[Key, Verdict | None] | None = None,
    when_read: Callable[[], None] = lambda: None,
) -> Iterator[SolvedPixel]:
    """Yield the pixels of a window that have an owner, row by row.

    Pixels of unreadable chunks are left out, and those whose system has no answer.

    Args:
        mosaic: the cubes, opened.
        row, column, height, width: the window, in pixels of the mosaic's grid.
        windows: the regular windows of the series.
        parameters: the user's choices.
        reading: filled with the chunks that could not be read and the pixels that could not be solved.
        on_block: called after each chunk row; may raise to stop the work.
        decided: what the cells of other windows of these cubes have decided, to be used and added to.
        when_read: called once the last chunk row is read, before it is solved.

    Raises:
        SourceUnavailable: a store did not answer, after retries.
        CubeInvalid: a cube lacks what an inversion needs.
    """
    cells = Cells(mosaic, (row, column, height, width), parameters, decided)
    top, left = row - HALO, column - HALO
    owners = mosaic.owners(top, left, height + 2 * HALO, width + 2 * HALO)
    guesses = np.full(owners.shape, None, dtype=object)
    prepared: dict[int, dict[int, _Prepared]] = {}
    pending = (owners != NOBODY).sum(axis=1)
    pieces = mosaic.pieces(*cells.reach(HALO))
    following = [*(piece.row for piece in pieces[1:]), np.inf]
    solved = HALO

    def ready(unread: float) -> Iterator[SolvedPixel]:
        """The rows whose neighbours and judges are there, when all above `unread` is read."""
        nonlocal solved
        while (
            solved < height + HALO
            and not pending[: solved + HALO + 1].any()
            and cells.last_row(top + solved) < unread
        ):
            for across, pixel in sorted(prepared.pop(solved, {}).items()):
                around = list(guesses[solved - 1 : solved + 2, across - 1 : across + 2].ravel())
                place = top + solved, left + across
                asked = windows, parameters, cells.verdict(*place)
                try:
                    series = invert_pixel(pixel.selected, mean_guess(around), *asked)
                except NotPositiveDefinite as error:
                    reading.failures.append(_unsolvable(mosaic, place, error))
                    continue
                yield SolvedPixel(*place, series, pixel.table, pixel.vx, pixel.vy)
            guesses[solved - HALO] = None
            solved += 1

    with on_one_thread():
        for (piece, blocks, lost), unread in zip(
            _ahead(mosaic, pieces, reading, when_read), following, strict=True
        ):
            table = mosaic.cubes[piece.cube].table()
            for part, block in blocks:
                cells.take(part, block)
            for at in range(max(piece.row - top, 0), min(piece.row + piece.height - top, len(owners))):
                mine = owners[at] == piece.cube
                for across, pixel in _prepare_line(top + at, left, blocks, mine, table, parameters):
                    guesses[at, across] = merged_guess(pixel.selected, parameters.guess)
                    # Of the halo nothing is needed but its guesses.
                    if HALO <= at < height + HALO and HALO <= across < width + HALO:
                        prepared.setdefault(at, {})[across] = pixel
                pending[at] -= mine.sum()
                # Row by row, for the selected pairs of a chunk row are more than its block.
                yield from ready(unread)
            yield from ready(unread)
            valid = any(np.isfinite(block.vx).any() for _, block in blocks)
            del blocks
            on_block("failed" if lost else "done" if valid else "empty", piece)


def _unsolvable(mosaic: Mosaic, place: tuple[int, int], error: NotPositiveDefinite) -> PairsUnsolvable:
    x, y = mosaic.grid.centre(*place)
    return PairsUnsolvable(
        f"The pairs of the pixel at x {x:.0f}, y {y:.0f} (EPSG:{mosaic.grid.epsg}) cannot be solved for "
        f"({error}); another coefficient may help."
    )


_Blocks = list[tuple[Piece, PairBlock]]


def _ahead(
    mosaic: Mosaic, pieces: list[Piece], reading: Reading, when_read: Callable[[], None]
) -> Iterator[tuple[Piece, _Blocks, bool]]:
    """Every chunk row, what was read of it, and whether a part was lost; the next is read meanwhile."""
    with ThreadPoolExecutor(1, "read-ahead") as reader:
        # The reader is a thread of its own, which knows nothing of the occasion unless it is told.
        here = copy_context()
        coming = [reader.submit(here.run, _read, mosaic, piece) for piece in pieces[:1]]
        for piece, following in zip_longest(pieces, pieces[1:]):
            blocks, read = coming.pop().result()
            if following is None:
                when_read()
            else:
                coming.append(reader.submit(here.run, _read, mosaic, following))
            reading.failures += read.failures
            reading.lost += read.lost
            reading.seconds += read.seconds
            yield piece, blocks, bool(read.lost)
            # Not kept while the one after the next is read.
            del blocks


def _read(mosaic: Mosaic, piece: Piece) -> tuple[_Blocks, Reading]:
    """Read a chunk row; if a chunk of it fails, read chunk by chunk and lose only that one."""
    cube, reading, began = mosaic.cubes[piece.cube], Reading(), time.perf_counter()
    with spans.span("read", rows=piece.height, columns=piece.width), measures.stage("read"):
        try:
            blocks = [(piece, cube.read(*mosaic.place(piece), piece.height, piece.width))]
        except ChunkUnreadable:
            blocks = []
            for part in mosaic.chunk_columns(piece):
                try:
                    blocks.append((part, cube.read(*mosaic.place(part), part.height, part.width)))
                except ChunkUnreadable as failure:
                    reading.failures.append(failure)
                    reading.lost.append(part)
    reading.seconds = time.perf_counter() - began
    return blocks, reading


def _prepare_line(
    line: int,
    left: int,
    blocks: _Blocks,
    mine: np.ndarray,
    table: PairTable,
    parameters: VelocityParameters,
) -> Iterator[tuple[int, _Prepared]]:
    """Select the pairs of the pixels `mine` (width,) bool of one row from `left` on, by their place in it."""
    for part, block in blocks:
        for across in range(max(part.column - left, 0), min(part.column + part.width - left, mine.size)):
            if mine[across]:
                at = line - part.row, left + across - part.column
                # Copies, so that a row that waits for its southern neighbours does not keep the whole block.
                vx, vy = block.vx[at].copy(), block.vy[at].copy()
                yield across, _Prepared(select_pairs(table, vx, vy, parameters), table, vx, vy)
