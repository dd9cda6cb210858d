"""Kept chunks: the very values of the cube, each chunk fetched once while it is kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from workers.cubes import kept_chunks
from workers.cubes.cube import open_cube
from workers.cubes.kept_chunks import KeptChunks
from workers.cubes.reference import Access
from workers.errors import ChunkUnreadable


@pytest.fixture
def ahead():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def cube(draft, tmp_path):
    return open_cube(draft.zarr(tmp_path / "cube.zarr"), Access())


@pytest.fixture
def reads(cube, monkeypatch):
    """The windows that are read of the cube itself."""
    made, read = [], cube.read

    def counted(*window):
        made.append(window)
        return read(*window)

    monkeypatch.setattr(cube, "read", counted)
    return made


@pytest.mark.parametrize("window", [(0, 0, 1, 1), (3, 3, 4, 4), (0, 0, 13, 12), (10, 9, 3, 3), (4, 0, 1, 12)])
def test_windows_hold_what_the_cube_holds(cube, ahead, window):
    mine, its = KeptChunks(cube, ahead).read(*window), cube.read(*window)
    assert (mine.row, mine.column) == (its.row, its.column)
    np.testing.assert_array_equal(mine.vx, its.vx)
    np.testing.assert_array_equal(mine.vy, its.vy)


def test_each_chunk_is_read_once(cube, ahead, reads):
    kept = KeptChunks(cube, ahead)
    kept.expect(3, 3, 4, 4)
    for row in range(2, 10):
        kept.read(row, row, 3, 3)
    # Whole chunks of 5 x 5, cut at the edge of a cube of 13 x 12 pixels.
    assert sorted(reads) == sorted(set(reads))
    assert {window[:2] for window in reads} == {(r, c) for r in (0, 5, 10) for c in (0, 5, 10)} - {
        (0, 10),
        (10, 0),
    }
    assert (10, 10, 3, 2) in reads


def test_what_is_asked_for_least_lately_is_given_up_first(cube, ahead, reads, monkeypatch):
    monkeypatch.setattr(kept_chunks, "KEPT_BYTES", 4 * 5 * 5 * cube.layers * 8)
    kept = KeptChunks(cube, ahead)
    for row, column in ((0, 0), (0, 5), (5, 0), (5, 5), (0, 0), (10, 0), (0, 0), (0, 5)):
        kept.read(row, column, 1, 1)
    assert [window[:2] for window in reads] == [(0, 0), (0, 5), (5, 0), (5, 5), (10, 0), (0, 5)]


def test_a_cube_of_huge_chunks_is_read_as_asked(cube, ahead, reads, monkeypatch):
    monkeypatch.setattr(kept_chunks, "KEPT_BYTES", 5 * 5 * cube.layers * 8)
    kept = KeptChunks(cube, ahead)
    kept.expect(3, 3, 4, 4)
    kept.read(3, 3, 4, 4)
    assert reads == [(3, 3, 4, 4)]


def test_a_damaged_chunk_is_told_and_not_fetched_again(cube, ahead, reads, monkeypatch):
    def fail(*window):
        reads.append(window)
        raise ChunkUnreadable("Chunk vx/0.0.0 is damaged.", "vx/0.0.0")

    monkeypatch.setattr(cube, "read", fail)
    kept = KeptChunks(cube, ahead)
    for _ in range(2):
        with pytest.raises(ChunkUnreadable, match="damaged"):
            kept.read(1, 1, 2, 2)
    assert reads == [(0, 0, 5, 5)]
