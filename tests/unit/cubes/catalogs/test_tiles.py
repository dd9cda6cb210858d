"""Places and boxes are decided in the projected coordinates of each tile."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.cubes.catalogs.naming import name_of, names, place
from workers.cubes.tiles import Tiles, named_tile, snapped
from workers.regions import to_grid


def test_edges_are_those_of_the_lattice():
    assert snapped((7e5, 3.3e6, 8e5, 3.4e6)) == (700_072.5, 3_300_007.5, 800_032.5, 3_399_967.5)
    assert named_tile("jakobshavn_3x3") is None


def test_neighbours_share_their_edges():
    _, here = named_tile(name_of(3413, -150_000, -2_250_000))
    _, east = named_tile(name_of(3413, -50_000, -2_250_000))
    _, south = named_tile(name_of(3413, -150_000, -2_350_000))
    assert here[2] == east[0]
    assert here[1] == south[3]


def test_every_place_of_a_tile_is_in_it_and_in_one_of_its_crs(tiles, places):
    random = np.random.default_rng(5)
    for epsg, x, y in places:
        xmin, ymin, xmax, ymax = named_tile(name_of(epsg, x, y))[1]
        for dx, dy in random.uniform(0.001, 0.999, (20, 2)):
            lon, lat = place(epsg, xmin + dx * (xmax - xmin), ymin + dy * (ymax - ymin))
            found = tiles.at_point(lon, lat)
            assert [each.id for each in found if each.epsg == epsg] == [name_of(epsg, x, y)]


def test_where_zones_overlap_the_farthest_edge_wins(tiles):
    both = [name_of(32607, 650_000, 6_750_000), name_of(32608, 350_000, 6_750_000)]
    found = tiles.at_point(*place(32607, 650_000, 6_750_000))
    assert [name for name in names(found) if name in both] == both
    found = tiles.at_point(*place(32608, 350_000, 6_750_000))
    assert [name for name in names(found) if name in both] == both[::-1]


def test_nothing_elsewhere(tiles):
    for lon, lat in [(0, 0), (10, 46), (-49, -69), (179.9, -10), (0, -90), (-138, -60.7)]:
        assert tiles.at_point(lon, lat) == []


def test_the_pole_lies_in_the_tile_around_it(tiles):
    assert names(tiles.at_point(17, 90)) == []
    assert names(tiles.at_point(*place(3413, 50_000, 50_000))) == [name_of(3413, 50_000, 50_000)]


@pytest.mark.parametrize("seed", range(4))
def test_a_box_meets_the_cubes_that_hold_its_places(tiles, seed, places):
    random = np.random.default_rng(seed)
    for epsg, x, y in places:
        lon, lat = place(epsg, x + random.uniform(-70_000, 70_000), y + random.uniform(-70_000, 70_000))
        size = random.uniform(0.01, 0.5)
        wide = size / np.cos(np.radians(lat))
        box = (max(lon - wide, -180), lat - size, min(lon + wide, 180), min(lat + size, 90))
        lons, lats = np.meshgrid(np.linspace(box[0], box[2], 60), np.linspace(box[1], box[3], 60))
        held = set()
        for code in {each[0] for each in places}:
            xs, ys = to_grid(code).transform(lons.ravel(), lats.ravel())
            for place_ in places:
                if place_[0] == code:
                    xmin, ymin, xmax, ymax = named_tile(name_of(*place_))[1]
                    if ((xmin < xs) & (xs < xmax) & (ymin < ys) & (ys < ymax)).any():
                        held.add(name_of(*place_))
        assert held <= set(names(tiles.in_bbox(*box)))
        assert len(tiles.in_bbox(*box)) - len(held) <= 1


def test_the_whole_globe_holds_all_and_a_bare_edge_none(tiles, places):
    assert len(tiles.in_bbox(-180, -90, 180, 90)) == len(places)
    assert tiles.in_bbox(10, 40, 20, 50) == []


def test_a_box_may_cross_the_antimeridian(tiles):
    lon, lat = place(3413, -2_450_000, 2_350_000)
    assert abs(lon) > 178
    assert names(tiles.in_bbox(179, lat - 0.1, -179, lat + 0.1)) == [name_of(3413, -2_450_000, 2_350_000)]
    assert names(tiles.in_bbox(179, lat - 0.1, 180, lat + 0.1)) == [name_of(3413, -2_450_000, 2_350_000)]


def test_the_nearest_cube_and_its_distance(tiles):
    here = name_of(3413, -3_250_000, 150_000)
    xmin, ymin, _, ymax = named_tile(here)[1]
    lon, lat = place(3413, xmin - 5_000, (ymin + ymax) / 2)
    found, distance = tiles.nearest(lon, lat)
    assert found.id == here
    assert distance == pytest.approx(5_000 / 1.034, rel=0.02)
    found, distance = tiles.nearest(-60.0, -40.0)
    assert distance > 1e6
    assert Tiles([]).nearest(0, 0) is None
    inside, distance = tiles.nearest(*place(3413, -150_000, -2_250_000))
    assert (inside.id, round(distance, 3)) == (name_of(3413, -150_000, -2_250_000), 0)
