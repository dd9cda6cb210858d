import datetime as dt
import json
import re

import pytest
from pyproj import Transformer

from workers.errors import InvalidRequest
from workers.synthetic import SCENARIOS, SyntheticCube, pixel_pairs


@pytest.mark.parametrize(
    ("epsg", "lon", "lat"),
    [(32607, -139.02, 60.745), (3413, -49.46, 69.11), (3031, 100.0, -75.0), (32719, -73.5, -50.0)],
)
@pytest.mark.parametrize("size", [1, 10, 37])
def test_the_grid_is_aligned_as_in_its_live_and_holds_the_centre(epsg, lon, lat, size):
    spec = SyntheticCube(epsg=epsg, lon=lon, lat=lat, height=size, width=size + 2)
    x, y = spec.grid.centre(0, 0)
    assert (x % 120.0, y % 120.0) == (52.5, 67.5)
    assert (spec.grid.height, spec.grid.width) == (size, size + 2)
    xmin, ymin, xmax, ymax = spec.grid.bounds
    x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
    assert abs((xmin + xmax) / 2 - x) <= 120.0
    assert abs((ymin + ymax) / 2 - y) <= 120.0


def test_the_name_follows_the_rule_of_its_live():
    name = SyntheticCube(epsg=3413, lon=-49.46, lat=69.11).name
    match = re.fullmatch(r"ITS_LIVE_vel_EPSG3413_G0120_X(-?\d+)_Y(-?\d+)", name)
    assert match is not None
    assert int(match[1]) % 50 == 0
    assert int(match[2]) % 50 == 0


@pytest.mark.parametrize(
    ("values", "where", "hint"),
    [
        ({"pairs": 0}, "pairs", "1"),
        ({"height": 0}, "height", "10000"),
        ({"blunders": 1.5}, "blunders", "0 to 1"),
        ({"date_noise": float("nan")}, "date_noise", "from 0"),
        ({"scenario": "winter"}, "scenario", "annual-only"),
        ({"satellites": ("S2A", "S3A")}, "satellites", "S2B"),
        ({"satellites": ()}, "satellites", "L8"),
        ({"start": dt.date(1999, 1, 1)}, "start", "2013-04-11"),
        ({"epsg": 4326}, "epsg", "3413"),
        ({"epsg": 32661}, "epsg", "UTM"),
        ({"epsg": 3413, "lat": -70.0}, "lon", "EPSG:3413"),
        ({"lon": 12.0}, "lon", "EPSG:32607"),
    ],
)
def test_impossible_cubes_are_refused_with_what_would_work(values, where, hint):
    with pytest.raises(InvalidRequest) as caught:
        SyntheticCube(**values)
    assert caught.value.where == where
    assert hint in caught.value.message


def test_a_record_too_short_for_any_pair_is_refused():
    spec = SyntheticCube(pairs=10, height=1, width=1, scenario="annual-only", years=0.5)
    with pytest.raises(InvalidRequest, match="330 to 400 days"):
        pixel_pairs(spec)


def test_scenarios_set_baselines_and_decorrelation_unless_told_otherwise():
    assert set(SCENARIOS) == {"seasonal", "surge", "decorrelated", "annual-only"}
    assert SyntheticCube().decorrelated_share == 0.0
    assert SyntheticCube(scenario="decorrelated").decorrelated_share == 0.8
    assert SyntheticCube(scenario="decorrelated", decorrelated=0.1).decorrelated_share == 0.1
    assert SyntheticCube(scenario="annual-only").baselines == (330, 400)
    assert SyntheticCube().surge_speed == 0.0
    assert SyntheticCube(scenario="surge").surge_speed == 1500.0


def test_the_record_survives_json():
    record = json.loads(json.dumps(SyntheticCube(scenario="surge", seed=5).record()))
    values = record | {
        "start": dt.date.fromisoformat(record["start"]),
        "satellites": tuple(record["satellites"]),
    }
    assert SyntheticCube(**values) == SyntheticCube(scenario="surge", seed=5)
