"""A shard in strips that run from north to south, for workers without the memory for all of it at once.

What is held while a window is solved, chunk rows and selected pairs, is as wide as the window; the result of
a pixel does not depend on how the window is cut. The price is that a chunk is read once for every strip that
it, or the halo of one, lies in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workers.cubes.mosaic import Mosaic, Piece
from workers.velocity.region import BlockState

_GRAVER = ("empty", "done", "failed")


def strips(width: int, parts: int) -> Iterator[tuple[int, int]]:
    """First column and width of each strip of a window; at most `parts`, none wider than the first."""
    each = -(-width // parts)
    for left in range(0, width, each):
        yield left, min(each, width - left)


class ChunkRows:
    """What became of the chunk rows of a shard, each of which every strip reads a part of."""

    def __init__(self, mosaic: Mosaic, strips: int, tell: Callable[[BlockState], None]) -> None:
        """Count those of a mosaic; `tell` is called once for as many parts as there are strips."""
        self._mosaic, self._strips, self._tell = mosaic, strips, tell
        self._states: dict[tuple[int, int], BlockState] = {}
        self._read = 0

    def take(self, state: BlockState, piece: Piece) -> None:
        """Note what became of a part of a chunk row: the row is failed if any of its parts is."""
        deep, _ = self._mosaic.cubes[piece.cube].chunk
        key = piece.cube, self._mosaic.place(piece)[0] // deep
        self._states[key] = max(self._states.get(key, "empty"), state, key=_GRAVER.index)
        self._read += 1
        if self._read % self._strips == 0:
            self._tell(self._states[key])

    def count(self, state: BlockState) -> int:
        """How many chunk rows ended so."""
        return sum(found == state for found in self._states.values())
