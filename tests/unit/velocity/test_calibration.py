"""The calibrated interval: it knows of the noise of images and pairs, and of what the guess gets wrong."""

import numpy as np
import pytest

from workers.velocity.calibration import _variances
from workers.velocity.series import Flag

NOISES = {
    "images err": ({"date_noise": 4.0, "pair_noise": 2.0}, 1000.0),
    "pairs err": ({"date_noise": 0.5, "pair_noise": 4.0}, 100.0),
    "both, with blunders": ({"date_noise": 3.0, "pair_noise": 3.0, "blunders": 0.05}, 300.0),
    "a surge drawn flat": ({"date_noise": 2.0, "pair_noise": 2.0, "surge": True}, 300.0),
    "decorrelated": ({"date_noise": 2.0, "pair_noise": 3.0, "decorrelated": 0.6}, 100.0),
}


def held(made, **choices):
    """Share of the windows whose interval holds the truth, and the series."""
    series, windows = made.pixel.invert(**choices)
    whole = (series.quality_flag & Flag.edge) == 0
    truth = made.speed(windows)[whole]
    return np.mean((series.v_low[whole] <= truth) & (truth <= series.v_high[whole])), series


@pytest.mark.parametrize("case", NOISES)
def test_intervals_hold_the_truth_as_often_as_they_say(scenario, case):
    noise, coefficient = NOISES[case]
    told, stated = [], []
    for seed in range(3):
        # Stated errors that are far too small, as those of real pairs are.
        made = scenario(pairs=2500, years=6, dates=220, seed=seed, stated=1.5, **noise)
        told.append(held(made, coefficient=coefficient)[0])
        stated.append(held(made, coefficient=coefficient, interval="theoretical")[0])
    print(case, np.mean(told), np.mean(stated))
    assert 0.85 <= np.mean(told) <= 0.995
    assert np.mean(stated) < np.mean(told) - 0.1


def test_the_factor_is_of_the_size_of_what_the_series_misses(scenario):
    factors, missed = [], []
    for seed in range(4):
        made = scenario(pairs=3000, years=6, dates=220, seed=seed, date_noise=3.0, pair_noise=3.0, stated=2.0)
        series, windows = made.pixel.invert(coefficient=300.0)
        whole = (series.quality_flag & Flag.edge) == 0
        factors.append(series.error_scale)
        missed.append(np.mean(((series.v - made.speed(windows)) / series.v_error)[whole] ** 2))
    print(factors, np.sqrt(missed))
    assert np.mean(factors) == pytest.approx(np.sqrt(np.mean(missed)), rel=0.25)


def test_larger_stated_errors_need_a_smaller_factor(scenario):
    one, two = (
        scenario(pairs=1500, date_noise=2.0, pair_noise=2.0, stated=stated).pixel.invert()[0]
        for stated in (2.0, 4.0)
    )
    assert two.error_scale == pytest.approx(one.error_scale / 2, rel=1e-3)
    np.testing.assert_allclose(two.v_high, one.v_high, rtol=1e-3)


@pytest.mark.parametrize(
    "choices",
    [
        {"regularization": "zero"},
        {"regularization": "model"},
        {"weights": "separate"},
        {"interpolation": "spline"},
        {"step": "P1Y"},
    ],
    ids=str,
)
def test_every_variant_is_calibrated(scenario, choices):
    made = scenario(pairs=2500, date_noise=3.0, pair_noise=2.0, stated=1.0)
    share, series = held(made, coefficient=300.0, **choices)
    assert share > 0.75
    assert series.error_scale > 1.0


def test_the_order_of_the_pairs_changes_nothing(scenario):
    made = scenario(pairs=1200, dates=120, date_noise=3.0, pair_noise=2.0).pixel
    turned = made[np.random.default_rng(3).permutation(made.vx.size)]
    one, other = (each.invert()[0] for each in (made, turned))
    assert one.error_scale == other.error_scale
    np.testing.assert_array_equal(one.v_low, other.v_low)


def test_where_residuals_tell_nothing_of_noise_the_interval_is_scaled_by_them(pixel, scenario):
    # Pairs in a chain are followed exactly, and three pairs are too few.
    start = np.arange(0, 1000, 20)
    noise = np.random.default_rng(0).normal(0.0, 20.0, start.size)
    chain = pixel(start, start + 20, 100.0 + noise, 0.0)
    for given in (chain, pixel([0, 10, 20], [30, 40, 60], [100.0, 120.0, 90.0], 0.0)):
        calibrated, scaled = (
            given.invert(coefficient=0.001, interval=kind)[0] for kind in ("calibrated", "scaled")
        )
        assert calibrated.error_scale == scaled.error_scale
        np.testing.assert_array_equal(calibrated.v_high, scaled.v_high)


def test_pairs_without_stated_errors_have_no_interval(scenario):
    made = scenario(pairs=800, pair_noise=2.0).pixel
    made.table.error_x[:] = made.table.error_y[:] = np.nan
    series, _ = made.invert()
    assert np.isfinite(series.v).all()
    assert np.isnan(series.v_low).all()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [((11.0, 7.0), (3.0, 5.0)), ((2.0, -1.0), None), ((0.0, 0.0), (0.0, 0.0)), ((1.0, 8.0), None)],
)
def test_variances_are_never_negative(seen, expected):
    told = np.array([[2.0, 1.0], [-1.0, 2.0]])
    found = _variances(told, np.array(seen))
    assert min(found) >= 0.0
    if expected is not None:
        assert found == pytest.approx(expected)
    else:
        assert min(found) == 0.0


def test_a_variance_that_shows_nowhere_is_taken_for_nothing():
    assert _variances(np.array([[2.0, 0.0], [1.0, 0.0]]), np.array([4.0, 2.0])) == (2.0, 0.0)
