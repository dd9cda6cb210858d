"""Where two UTM zones meet: a region lies on one grid, and the error says how to ask for both."""

from __future__ import annotations

import pytest

from tests.e2e.making import plan
from workers.errors import SeveralGrids
from workers.plan import CubeSource
from workers.regions import degrees
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series

WEST = SyntheticCube(pairs=40, height=30, width=40, years=1.0, epsg=32607, lon=-138.03, lat=60.7)
EAST = SyntheticCube(pairs=40, height=30, width=40, years=1.0, epsg=32608, lon=-138.0, lat=60.7)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zones")
    return CubeSource(cubes=tuple(write_cube(str(folder), spec) for spec in (WEST, EAST)))


def test_a_box_that_one_grid_covers_lies_on_it(source):
    region = plan(source, (-138.02, 60.695, -138.01, 60.70))
    assert region.grid.epsg == 32607
    assert len(region.cubes) == 1


def test_a_box_that_no_grid_covers_is_split_by_grid_and_each_part_works(source):
    west, east = degrees(WEST.grid), degrees(EAST.grid)
    box = (west[0] + 0.005, 60.69, east[2] - 0.005, 60.71)
    with pytest.raises(SeveralGrids, match="EPSG:32607, EPSG:32608") as caught:
        plan(source, box)
    assert set(caught.value.split) == {"EPSG:32607", "EPSG:32608"}
    for grid, boxes in caught.value.split.items():
        for part in boxes:
            region = plan(source, part, grid=grid)
            assert f"EPSG:{region.grid.epsg}" == grid
    assert caught.value.split["EPSG:32607"][0][2] < box[2]
    assert caught.value.split["EPSG:32608"][0][0] > box[0]


def test_a_point_on_both_names_the_other_and_keeps_the_rule(source):
    answer = point_series(source, -138.03, 60.7, VelocityParameters())
    assert answer.site.crs == "EPSG:32607"
    assert answer.site.other_cubes == (EAST.name,)
    answer = point_series(source, -138.0, 60.7, VelocityParameters())
    assert answer.site.crs == "EPSG:32608"
    assert answer.site.other_cubes == (WEST.name,)
