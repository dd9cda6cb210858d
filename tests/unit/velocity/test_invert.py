import numpy as np
import pytest

from tests.unit.velocity.soundness import assert_same, assert_sound
from workers.velocity.guess import daily_guess
from workers.velocity.invert import invert_pixel
from workers.velocity.parameters import VelocityParameters
from workers.velocity.series import Flag
from workers.windows import Step, Windows


def test_a_noisy_pixel_is_solved_near_its_truth(scenario):
    made = scenario(pairs=3000, date_noise=1.0, pair_noise=2.0, blunders=0.02)
    series, windows = made.pixel.invert()
    assert_sound(series, windows)
    assert series.converged
    assert series.vvc > 0.99
    inside = (series.quality_flag & Flag.edge) == 0
    assert np.sqrt(np.mean((series.v - made.speed(windows))[inside] ** 2)) < 12.0
    assert 1.5 < series.residual_nmad < 3.0


def test_the_order_of_pairs_is_irrelevant_to_the_bit(scenario):
    given = scenario(date_noise=4.0, pair_noise=2.0, blunders=0.02, decorrelated=0.2).pixel
    expected, _ = given.invert()
    shuffled = given[np.random.default_rng(3).permutation(len(given.table))]
    assert_same(shuffled.invert()[0], expected, tables=False)


def test_pairs_without_a_velocity_are_as_good_as_absent(scenario, pixel):
    given = scenario(pairs=600, dates=80, years=2, pair_noise=2.0).pixel
    start = given.table.day1[0] + np.arange(0, 300, 6)
    extra = pixel(start, start + 33, np.nan, 5.0)
    parts = [
        np.concatenate([getattr(one.table, name) for one in (given, extra)])
        for name in ("day1", "day2", "error_x", "error_y")
    ]
    both = pixel(
        *parts[:2],
        np.concatenate([given.vx, extra.vx]),
        np.concatenate([given.vy, extra.vy]),
        *parts[2:],
    )
    assert_same(both.invert()[0], given.invert()[0], tables=False)


def test_a_pair_stored_twice_is_a_pair_of_twice_the_weight(pixel):
    start = np.arange(0, 200, 10)
    once = pixel(start, start + 30, np.linspace(100, 120, 20), 30.0)
    twice = once[np.repeat(np.arange(20), 2)]
    double, windows = twice.invert()
    single, _ = once.invert()
    assert_sound(double, windows)
    assert double.used == 40
    np.testing.assert_allclose(double.count, 2 * single.count, rtol=0.01)
    assert (double.v_error < single.v_error).all()


@pytest.mark.parametrize("pairs", [1, 2])
def test_one_or_two_pairs_have_a_flagged_answer(pixel, pairs):
    given = pixel([0, 90][:pairs], [40, 130][:pairs], [100.0, 130.0][:pairs], 40.0)
    series, windows = given.invert()
    assert_sound(series, windows)
    covered = np.isfinite(series.v)
    assert covered.sum() >= 2
    assert ((series.quality_flag[covered] & Flag.low_count) > 0).all()
    np.testing.assert_allclose(series.v[0], np.hypot(100, 40), rtol=0.03)


def test_identical_pairs_agree(pixel):
    series, windows = pixel([10] * 6, [70] * 6, 365.0, 0.0, 12.0, 12.0).invert()
    assert_sound(series, windows)
    np.testing.assert_allclose(series.vx, 365.0, rtol=1e-6)
    np.testing.assert_allclose(series.vx_error, 12.0 / np.sqrt(6), rtol=1e-4)
    np.testing.assert_allclose(series.count, 6.0)
    assert series.converged


def test_a_pair_of_one_day_is_an_answer(pixel):
    selected = pixel([30], [31], 50.0, 20.0).select()
    windows = Windows.select(Step.parse("P30D"), 0, 60)
    series = invert_pixel(selected, daily_guess(selected), windows, VelocityParameters())
    assert_sound(series, windows)
    np.testing.assert_allclose(series.vx, [np.nan, 50.0], rtol=1e-6)
    assert series.quality_flag[1] & Flag.edge


def test_networks_that_no_pair_joins_are_solved_together(pixel):
    early, late = np.arange(0, 120, 8), np.arange(2000, 2120, 8)
    start = np.concatenate([early, late])
    given = pixel(start, start + 24, np.where(start < 1000, 200.0, 300.0), 100.0)
    series, windows = given.invert()
    assert_sound(series, windows)
    np.testing.assert_allclose(series.vx[windows.end < 120], 200.0, rtol=0.02)
    np.testing.assert_allclose(series.vx[(windows.start > 2000) & (windows.end < 2120)], 300.0, rtol=0.02)
    between = (windows.start > 150) & (windows.end < 2000)
    assert (series.quality_flag[between] & Flag.filled > 0).all()
    assert (series.count[between] == 0).all()


def test_annual_pairs_alone_have_an_answer_that_doubts_itself(scenario):
    made = scenario(pairs=1500, baselines=(330, 400), pair_noise=2.0)
    series, windows = made.pixel.invert()
    assert_sound(series, windows)
    inside = (windows.start > windows.start[0] + 300) & (windows.end < windows.end[-1] - 300)
    assert np.sqrt(np.mean((series.v - made.speed(windows))[inside] ** 2)) < 20.0
    assert (series.quality_flag & Flag.decorrelation_doubt > 0)[inside].all()


@pytest.mark.parametrize("error", [0.0, np.nan, np.inf])
def test_errors_that_say_nothing_leave_the_velocity_and_take_the_interval(pixel, error):
    start = np.arange(0, 200, 10)
    series, windows = pixel(start, start + 30, 100.0, 30.0, error, error).invert(error_weights=True)
    assert_sound(series, windows)
    np.testing.assert_allclose(series.vx, 100.0, rtol=1e-5)
    assert np.isnan(series.vx_error).all()
    assert np.isnan(series.v_low).all()
    assert np.isnan(series.error_scale)


def test_a_pixel_without_pairs_has_no_data_and_says_why(pixel):
    given = pixel([0, 10], [60, 70], [np.nan, 32767.0], [np.nan, 0.0])
    series, windows = given.invert()
    assert_sound(series, windows)
    assert (series.quality_flag == Flag.no_data).all()
    assert np.isnan(series.vvc)
    assert series.valid == 1
    assert series.rejected["saturation"] == 1
    assert not series.converged


def test_windows_beyond_the_pixels_own_record_have_no_data(scenario):
    selected = scenario(pairs=200, years=1, dates=50).pixel.select()
    windows = Windows.select(Step.parse("P30D"), 0, 300)
    series = invert_pixel(selected, daily_guess(selected), windows, VelocityParameters())
    assert (series.quality_flag == Flag.no_data).all()
    assert series.used == 200


def test_without_errors_all_else_is_the_same(scenario):
    made = scenario(pairs=1500, pair_noise=2.0).pixel
    selected, parameters = made.select(), VelocityParameters(interval="scaled")
    windows = parameters.windows(int(selected.day1.min()), int(selected.day2.max()))
    full = invert_pixel(selected, daily_guess(selected), windows, parameters)
    bare = invert_pixel(selected, daily_guess(selected), windows, parameters, errors=False)
    left_out = ("vx_error", "vy_error", "v_error", "vx_error_lag1", "vy_error_lag1", "v_low", "v_high")
    for name in left_out:
        assert np.isnan(getattr(bare, name)).all()
        assert np.isfinite(getattr(full, name)[1:-1]).all()
    for name in ("vx", "vy", "v", "count", "quality_flag", "vvc", "error_scale", "weights"):
        np.testing.assert_array_equal(getattr(bare, name), getattr(full, name))
