"""Boxes: every way to write one wrong gets its own sentence, and a split really fits."""

import numpy as np
import pytest

from workers.cubes.grid import Grid
from workers.errors import InvalidRequest
from workers.regions import CRS84, degrees, lattice, outline, parse_bbox, split_until

BOX = [-49.6, 69.0, -49.3, 69.2]


@pytest.mark.parametrize("value", [BOX, tuple(BOX), {"bbox": BOX}, {"bbox": BOX, "crs": CRS84}])
def test_both_forms_are_read(value):
    assert parse_bbox(value) == tuple(BOX)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([1, 2, 3], "four numbers"),
        ("1,2,3,4", "four numbers"),
        (None, "four numbers"),
        ([1, 2, "3", 4], "not a finite number"),
        ([1, 2, float("nan"), 4], "not a finite number"),
        ([-181, 0, 1, 1], "leaves the globe"),
        ([0, 0, 1, 91], "leaves the globe"),
        ([0, 5, 1, 4], r"reversed in latitude.*\[0.0, 4.0, 1.0, 5.0\]"),
        ([0, 5, 1, 5], "empty"),
        ([1, 4, 1, 5], "empty"),
        ([179, 60, -179, 61], r"antimeridian.*179.0, 60.0, 180.0, 61.0.*-180.0, 60.0, -179.0, 61.0"),
        ({"bbox": BOX, "crs": "EPSG:3413"}, "degrees"),
        ({"box": BOX}, "bbox"),
        ({"bbox": BOX, "srs": "x"}, "srs"),
    ],
)
def test_a_bad_box_is_told_apart(value, reason):
    with pytest.raises(InvalidRequest, match=reason) as caught:
        parse_bbox(value)
    assert caught.value.where == "bbox"


def test_the_outline_bulges_with_the_projection():
    x, y = outline((-60.0, 65.0, -30.0, 66.0), 3413)
    corners = [outline((lon, lat, lon + 1e-9, lat + 1e-9), 3413) for lon in (-60, -30) for lat in (65, 66)]
    assert y.min() < min(c[1].min() for c in corners) - 10_000, "the parallel bends below its corners"
    inside_x, inside_y = lattice((-60.0, 65.0, -30.0, 66.0), 3413)
    assert inside_x.min() >= x.min() - 1e-3
    assert inside_y.max() <= y.max() + 1e-3


def test_degrees_hold_every_pixel_of_a_grid():
    grid = Grid(3413, -178_087.5, -2_280_112.5, 120.0, 400, 300)
    west, south, east, north = degrees(grid)
    assert -50 < west < east < -48
    assert 68 < south < north < 70


def test_a_split_covers_the_box_and_fits():
    box = (0.0, 45.0, 4.0, 46.0)
    boxes = split_until(box, lambda b: (b[2] - b[0]) * (b[3] - b[1]) <= 0.5)
    area = sum((b[2] - b[0]) * (b[3] - b[1]) for b in boxes)
    assert np.isclose(area, 4.0)
    assert all((b[2] - b[0]) * (b[3] - b[1]) <= 0.5 for b in boxes)
    assert min(b[0] for b in boxes) == 0.0
    assert max(b[2] for b in boxes) == 4.0
    assert split_until(box, lambda b: False) == []
