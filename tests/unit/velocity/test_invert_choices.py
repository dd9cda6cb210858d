"""What each choice of the parameters does to a series, and what it leaves."""

import numpy as np
import pytest

from tests.unit.velocity.conftest import FIRST_DAY
from tests.unit.velocity.soundness import WINDOW_ARRAYS
from workers.velocity.series import Flag


def test_a_scaled_interval_is_wider_where_the_stated_errors_are_too_small(scenario):
    given = scenario(pair_noise=6.0, stated=2.0).pixel
    plain, _ = given.invert(interval="theoretical")
    scaled, _ = given.invert(interval="scaled")
    assert scaled.error_scale == pytest.approx(3.0, rel=0.1)
    np.testing.assert_array_equal(scaled.v_error, plain.v_error)
    middle = len(plain.v) // 2
    assert scaled.v_high[middle] - scaled.v[middle] == pytest.approx(
        scaled.error_scale * (plain.v_high[middle] - plain.v[middle]), rel=1e-3
    )


def test_without_a_guess_to_follow_the_pull_is_to_steady_flow(scenario):
    given = scenario(pairs=300, dates=60, years=3, pair_noise=3.0).pixel
    smooth, _ = given.invert(regularization="zero", coefficient=1e6)
    following, _ = given.invert(regularization="accel", coefficient=1e6)
    assert np.ptp(smooth.v) < 2.0
    assert np.ptp(following.v) > 20.0


def test_the_strongest_pull_still_goes_through_the_pairs(scenario):
    made = scenario(pairs=1500)
    series, _ = made.pixel.invert(regularization="zero", coefficient=1e6)
    steady = (made.path(16_500 + 4 * 365) - made.path(16_500)) / 4
    np.testing.assert_allclose(series.v, steady, rtol=0.05)


def test_better_pairs_weigh_more_with_error_weights(pixel):
    start = np.arange(0, 400, 4)
    stated = np.where(np.arange(100) % 2 == 0, 20.0, 60.0)
    rng = np.random.default_rng(0)
    wrong = {False: [], True: []}
    for _ in range(20):
        given = pixel(start, start + 40, 500.0 + rng.normal(0, stated), 1.0, stated, 20.0)
        for weighted, misses in wrong.items():
            series, _ = given.invert(regularization="zero", coefficient=1e4, error_weights=weighted)
            misses.append(series.vx - 500.0)
    assert np.sqrt(np.mean(np.square(wrong[True]))) < 0.9 * np.sqrt(np.mean(np.square(wrong[False])))


def test_masked_gaps_have_no_value_and_keep_their_flag(scenario):
    given = scenario(pairs=800, date_noise=0.5).pixel
    day1, day2 = given.table.day1, given.table.day2
    seen = given[np.flatnonzero((day2 < FIRST_DAY + 500) | (day1 > FIRST_DAY + 800))]
    flagged, _ = seen.invert()
    masked, _ = seen.invert(gaps="mask")
    filled = flagged.quality_flag & Flag.filled != 0
    assert 8 <= filled.sum() <= 14
    assert np.isfinite(flagged.v[filled]).all()
    for name in ("v", "vx", "vy_error", "v_low", "v_high", "count"):
        got = getattr(masked, name)
        assert np.isnan(got[filled]).all()
        np.testing.assert_array_equal(got[~filled], getattr(flagged, name)[~filled])
    np.testing.assert_array_equal(masked.quality_flag, flagged.quality_flag)


def test_a_higher_level_is_a_wider_interval_by_the_quantiles_of_student(scenario):
    given = scenario(pairs=800, date_noise=2.0, pair_noise=4.0).pixel
    (narrow, _), (wide, _) = given.invert(level=0.68), given.invert(level=0.99)
    np.testing.assert_array_equal(narrow.v, wide.v)
    ratio = (wide.v_high - wide.v) / (narrow.v_high - narrow.v)
    np.testing.assert_allclose(ratio, 2.5758 / 0.9945, rtol=0.02)


def test_overlapping_windows_share_the_values_of_those_that_follow_one_another(scenario):
    given = scenario(pairs=800, date_noise=1.0).pixel
    plain, windows = given.invert()
    dense, dense_windows = given.invert(stride="P10D")
    inside = np.flatnonzero(np.isin(dense_windows.start, windows.start))
    np.testing.assert_array_equal(dense.vx[inside], plain.vx)
    np.testing.assert_array_equal(dense.v_error[inside], plain.v_error)


@pytest.mark.parametrize("guess", ["gaussian", "median", "lowess"])
def test_any_guess_leads_near_the_truth(scenario, guess):
    made = scenario(pairs=1500, date_noise=0.5, pair_noise=1.0)
    series, windows = made.pixel.invert(guess=guess, coefficient=300)
    assert np.sqrt(np.nanmean((series.v - made.speed(windows))[1:-1] ** 2)) < 12.0


def test_windows_asked_for_change_nothing_in_the_inversion(scenario):
    given = scenario(pair_noise=2.0, blunders=0.02).pixel
    whole, windows = given.invert()
    part, inside = given.invert(datetime="2016-01-01/2016-12-31")
    at = np.searchsorted(windows.start, inside.start)
    for name in WINDOW_ARRAYS:
        # The last window has no next one to be correlated with.
        known = slice(None, -1 if name.endswith("lag1") else None)
        np.testing.assert_array_equal(getattr(part, name)[known], getattr(whole, name)[at][known])
