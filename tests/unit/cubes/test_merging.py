"""Places of one grid on another, and tables of pairs as one."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod, Proj, Transformer

from workers.cubes.grid import Grid
from workers.cubes.merging import MAIN, DataSet, MergedCube, stacked
from workers.cubes.nearest import nearest
from workers.cubes.pairs import PairBlock, PairTable

UTM = Grid(32607, 600_000.0, 6_740_000.0, 120.0, 20, 20)


def table_of(day1, errors=(1.0, 1.0), sensor="L8"):
    day1 = np.asarray(day1, np.int32)
    error_x, error_y = (np.full(day1.size, error, np.float32) for error in errors)
    return PairTable(
        day1, day1 + 10, error_x, error_y, np.zeros(day1.size, np.uint8), (sensor,), np.arange(day1.size)
    )


class Field:
    """A cube in memory whose vx tells the pixel and whose vy tells the pair."""

    chunk = (4, 4)

    def __init__(self, name, grid, table):
        self.id, self.grid, self._table, self.reads = name, grid, table, []

    def table(self):
        return self._table

    def read(self, row, column, height, width):
        self.reads.append((row, column, height, width))
        rows, columns = np.mgrid[row : row + height, column : column + width]
        number = (rows * self.grid.width + columns)[:, :, None] + np.zeros(len(self._table))
        pairs = np.broadcast_to(np.arange(len(self._table)), number.shape)
        return PairBlock(row, column, number.astype(np.float32), pairs.astype(np.float32))


@pytest.mark.parametrize(
    ("epsg", "lon", "lat"), [(3413, -139.0, 60.7), (32608, -138.0, 60.7), (3031, 10.0, -75.0)]
)
def test_a_turned_vector_is_that_of_its_mapped_ends_and_keeps_its_length(epsg, lon, lat):
    other = 32732 if epsg == 3031 else 32607
    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
    grid = Grid(epsg, x - 650, y + 650, 120.0, 10, 10)
    there = np.array(Transformer.from_crs(epsg, other, always_xy=True).transform(x, y))
    found = nearest(*there[:, None], other, grid)
    assert (found.row[0], found.column[0]) == (5, 5)
    vector = np.array([120.0, -350.0])
    turned = np.concatenate(found.turned(*vector[:, None, None])).ravel()
    # On the ground, without the scales of the projections: both ends, and the way between them.
    scale = Proj(epsg).get_factors(lon, lat).meridional_scale
    ends = Transformer.from_crs(epsg, 4326, always_xy=True).transform(
        [x, x + scale * vector[0]], [y, y + scale * vector[1]]
    )
    _, _, length = Geod(ellps="WGS84").inv(ends[0][0], ends[1][0], ends[0][1], ends[1][1])
    assert np.hypot(*turned) == pytest.approx(length, rel=1e-3)
    (x0, x1), (y0, y1) = Transformer.from_crs(4326, other, always_xy=True).transform(*ends)
    direction = np.array([x1 - x0, y1 - y0]) / np.hypot(x1 - x0, y1 - y0)
    np.testing.assert_allclose(turned / np.hypot(*turned), direction, atol=1e-3)


def test_a_place_outside_the_other_grid_has_no_depth():
    found = nearest(*np.array([[600_060.0, 500_000.0], [6_739_940.0, 6_739_940.0]]), 32607, UTM)
    assert found.depth[0] == 60.0
    assert found.depth[1] < 0
    far = nearest(np.array([0.0]), np.array([0.0]), 3031, Grid(3413, 0.0, 0.0, 120.0, 5, 5))
    assert not far.depth[0] > 0


def test_tables_become_one_in_canonical_order_and_tell_where_each_pair_went():
    one, other = table_of([0, 20, 40]), table_of([10, 20, 30], errors=(3.0, 4.0), sensor="S1A")
    table, (mine, theirs) = stacked((MAIN, "b"), [(0, one, False), (1, other, True)])
    np.testing.assert_array_equal(table.day1, [0, 10, 20, 20, 30, 40])
    np.testing.assert_array_equal(table.day1[mine], one.day1)
    np.testing.assert_array_equal(table.day1[theirs], other.day1)
    np.testing.assert_array_equal(table.dataset[theirs], 1)
    assert [table.sensors[code] for code in table.sensor] == ["L8", "S1A", "L8", "S1A", "S1A", "L8"]
    np.testing.assert_allclose(table.error_x[theirs], np.sqrt(12.5))
    np.testing.assert_allclose(table.error_y[theirs], np.sqrt(12.5))


def test_each_pixel_takes_the_nearest_one_of_another_spacing():
    fine = Field("fine", Grid(32607, 600_030.0, 6_740_000.0, 40.0, 60, 60), table_of([5]))
    both = MergedCube(Field("main", UTM, table_of([0])), [DataSet("fine", (fine,))])
    assert both.table().datasets == (MAIN, "fine")
    block = both.read(1, 2, 2, 3)
    np.testing.assert_array_equal(block.vx[:, :, 0], [[22, 23, 24], [42, 43, 44]])
    expected = [[fine.grid.cell(*UTM.centre(row, column)) for column in (2, 3, 4)] for row in (1, 2)]
    np.testing.assert_array_equal(block.vx[:, :, 1], [[60 * r + c for r, c in line] for line in expected])


def test_what_a_pixel_gets_does_not_depend_on_the_window_that_is_read():
    centre = Transformer.from_crs(32607, 3413, always_xy=True).transform(*UTM.centre(10, 10))
    sets = [
        DataSet(
            "polar",
            tuple(
                Field(name, Grid(3413, centre[0] - west, centre[1] + 1000, 120.0, 15, 15), table_of([7, 9]))
                for name, west in (("b", 300), ("a", 1500))
            ),
        )
    ]
    cube = MergedCube(Field("main", UTM, table_of([0])), sets)
    whole = cube.read(0, 0, 20, 20)
    seen = np.isfinite(whole.vx)
    assert 0 < seen[:, :, 1:].sum() < seen[:, :, 1:].size
    assert not (seen[:, :, 1] & seen[:, :, 2] & seen[:, :, 3]).any()
    for row, column in ((0, 0), (9, 10), (10, 3), (19, 19)):
        part = cube.read(row, column, 1, 1)
        assert part.vx.tobytes() == whole.vx[row, column].tobytes()
        assert part.vy.tobytes() == whole.vy[row, column].tobytes()


def test_chunks_that_no_pixel_needs_are_not_read():
    wide = Field("wide", Grid(32607, 600_000.0, 6_740_000.0, 120.0, 20, 20), table_of([5]))
    MergedCube(Field("main", UTM, table_of([0])), [DataSet("wide", (wide,))]).read(5, 5, 2, 2)
    assert wide.reads == [(5, 5, 2, 2)]


def test_a_set_without_cubes_here_has_a_name_and_no_pairs():
    both = MergedCube(Field("main", UTM, table_of([0])), [DataSet("none", ())])
    assert both.table().datasets == (MAIN, "none")
    assert np.isfinite(both.read(0, 0, 1, 1).vx).all()
