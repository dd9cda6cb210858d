"""A mosaic reads each chunk once and gives each pixel one owner, however windows are cut."""

from dataclasses import dataclass

import numpy as np
import pytest

from workers.cubes.grid import Grid
from workers.cubes.mosaic import NOBODY, Mosaic
from workers.errors import CubeInvalid


@dataclass(frozen=True)
class Tile:
    id: str
    grid: Grid
    chunk: tuple[int, int] = (10, 10)


BASE = Grid(32607, 600_000.0, 6_700_000.0, 120.0, 40, 33)


def beside(row, column, height=40, width=33, name="b"):
    return Tile(name, BASE.window(row, column, height, width))


def test_one_cube_is_read_chunk_row_by_chunk_row():
    pieces = Mosaic([Tile("a", BASE)], BASE).pieces(9, -1, 22, 12)
    assert [(p.row, p.height, p.column, p.width) for p in pieces] == [
        (9, 1, 0, 11),
        (10, 10, 0, 11),
        (20, 10, 0, 11),
        (30, 1, 0, 11),
    ]


def test_chunks_are_counted_from_each_cubes_own_corner():
    product = BASE.window(0, 20, 40, 40)
    mosaic = Mosaic([Tile("a", BASE), beside(-5, 33)], product)
    pieces = mosaic.pieces(0, 0, 12, 40)
    west = [(p.row, p.height) for p in pieces if p.cube == 0]
    east = [(p.row, p.height) for p in pieces if p.cube == 1]
    assert west == [(0, 10), (10, 2)]
    assert east == [(0, 5), (5, 7)]
    assert mosaic.place(next(p for p in pieces if p.cube == 1)) == (5, 0)
    first = next(p for p in pieces if p.cube == 0)
    assert [(p.column, p.width) for p in mosaic.chunk_columns(first)] == [(0, 10), (10, 3)]


def test_overlap_goes_to_the_cube_whose_edge_is_farther():
    mosaic = Mosaic([Tile("a", BASE), beside(0, 23, name="b")], BASE)
    owner = mosaic.owners(20, 0, 1, 60)[0]
    assert (owner[:23] == 0).all()
    assert (owner[33:56] == 1).all()
    assert (owner[56:] == NOBODY).all()
    inside = owner[23:33]
    assert (inside == np.repeat([0, 1], 5)).all()


def test_a_pixels_owner_does_not_depend_on_the_window():
    mosaic = Mosaic([beside(-7, 20, name="b"), Tile("a", BASE)], BASE)
    whole = mosaic.owners(-2, -2, 50, 70)
    assert mosaic.cubes[0].id == "a"
    for row in (0, 13, 30):
        for column in (0, 25, 31, 50):
            assert mosaic.owners(row, column, 1, 1)[0, 0] == whole[row + 2, column + 2]


def test_cells_that_do_not_coincide_are_refused():
    shifted = Tile("b", Grid(32607, 600_060.0, 6_700_000.0, 120.0, 10, 10))
    with pytest.raises(CubeInvalid, match="do not coincide"):
        Mosaic([Tile("a", BASE), shifted], BASE)
