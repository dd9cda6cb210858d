import datetime as dt

import numpy as np
import pytest

from workers.calendar import day_of
from workers.synthetic import SyntheticCube
from workers.synthetic.network import DAY_US, network
from workers.synthetic.satellites import SATELLITES

NAMES = np.array(list(SATELLITES))
GROUPS = np.array([entry.group for entry in SATELLITES.values()])


def test_pairs_join_images_of_one_group_within_the_baselines_and_the_record():
    spec = SyntheticCube(pairs=5000, years=8.0)
    pairs = network(spec)
    assert pairs.first.size == pairs.second.size == 5000
    assert (pairs.baseline >= 5).all()
    assert (pairs.baseline <= 400).all()
    np.testing.assert_array_equal(GROUPS[pairs.satellite[pairs.first]], GROUPS[pairs.satellite[pairs.second]])
    assert pairs.day.min() >= spec.days[0]
    assert pairs.day.max() < spec.days[1]
    assert set(NAMES[pairs.satellite]) == set(NAMES)


def test_layers_are_in_no_order_of_time_and_some_repeat():
    pairs = network(SyntheticCube(pairs=4000))
    order = np.diff(pairs.time[pairs.first])
    assert (order < 0).mean() == pytest.approx(0.5, abs=0.05)
    distinct = len(set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)))
    assert 0.85 * 4000 < distinct < 4000


def test_no_satellite_takes_images_before_its_launch_or_after_its_end():
    pairs = network(SyntheticCube(pairs=100, years=9.0))
    for code, satellite in enumerate(SATELLITES.values()):
        days = pairs.day[pairs.satellite == code]
        assert days.size > 0
        assert days.min() >= day_of(satellite.first)
        assert days.max() < day_of(satellite.last)


def test_images_have_the_time_of_day_of_their_satellite():
    pairs = network(SyntheticCube(pairs=100))
    optical = np.array([entry.whole_seconds for entry in SATELLITES.values()])[pairs.satellite]
    assert (pairs.time[optical] % 1_000_000 == 0).all()
    assert (pairs.time[~optical] % 1_000_000 != 0).any()
    hours = pairs.time % DAY_US / 3.6e9
    expected = np.array([entry.hour for entry in SATELLITES.values()])[pairs.satellite]
    assert np.abs(hours - expected).max() < 0.2


def test_clouds_take_optical_images_only():
    clear, cloudy = (network(SyntheticCube(pairs=10, cloud=cloud)) for cloud in (0.0, 0.5))

    def count(pairs, group):
        return np.count_nonzero(GROUPS[pairs.satellite] == group)

    assert count(cloudy, "S2A_S2B") / count(clear, "S2A_S2B") == pytest.approx(0.5, abs=0.08)
    assert count(cloudy, "S1A_S1B") == count(clear, "S1A_S1B")


def test_one_group_alone_passes_every_five_days():
    spec = SyntheticCube(pairs=10, satellites=("S2A", "S2B"), cloud=0.0, start=dt.date(2016, 1, 1))
    assert set(np.diff(network(spec).day)) == {5}


def test_annual_pairs_span_about_a_year():
    baseline = network(SyntheticCube(pairs=1000, scenario="annual-only")).baseline
    assert baseline.min() >= 330
    assert baseline.max() <= 400


def test_stated_errors_follow_noise_baseline_and_factor():
    spec = SyntheticCube(pairs=500, date_noise=3.0, pair_noise=4.0)
    pairs = network(spec)
    np.testing.assert_allclose(pairs.error, np.sqrt(34.0) / pairs.baseline * 365.0, rtol=1e-6)
    halved = network(SyntheticCube(pairs=500, date_noise=3.0, pair_noise=4.0, error_factor=2.0))
    np.testing.assert_allclose(halved.error, pairs.error / 2.0, rtol=1e-6)
    silent = network(SyntheticCube(pairs=500, date_noise=0.0, pair_noise=0.0))
    assert (silent.error == np.float32(0.1)).all()


def test_images_err_alike_in_both_components():
    shift = network(SyntheticCube(pairs=10, date_noise=2.5, years=10.0)).shift
    np.testing.assert_allclose(shift.std(axis=0), 2.5, rtol=0.1)
    assert abs(np.corrcoef(shift.T)[0, 1]) < 0.12


def test_the_seed_changes_the_images_and_nothing_else_does():
    one, same, other = (network(SyntheticCube(pairs=50, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.time, same.time)
    np.testing.assert_array_equal(one.first, same.first)
    assert one.time.size != other.time.size or (one.time != other.time).any()
