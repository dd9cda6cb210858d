import numpy as np
import pytest

from workers.velocity import guess, informative
from workers.velocity.guess import DailyGuess, daily_guess, mean_guess
from workers.velocity.smoothing import SMOOTHERS


def around(centre, *others):
    """Nine guesses with one in the centre."""
    return [*others, *[None] * (4 - len(others)), centre, *[None] * 4]


def test_steady_flow_is_guessed_exactly(pixel):
    guess = daily_guess(pixel(np.arange(0, 300, 7), np.arange(0, 300, 7) + 24, 120.0, -35.0).select())
    assert guess.first_day == 0
    assert guess.velocity.shape == (318, 2)
    np.testing.assert_allclose(guess.velocity, np.tile([120.0, -35.0], (318, 1)), rtol=1e-10)
    np.testing.assert_allclose(
        guess.positions(np.array([0, 73, 318])), np.outer([0, 73, 318], [120, -35]) / 365
    )


@pytest.mark.parametrize("smoother", SMOOTHERS)
def test_a_guess_follows_the_season(scenario, smoother):
    made = scenario(pairs=2000, baselines=(5, 60))
    guess = daily_guess(made.pixel.select(), smoother)
    days = guess.first_day + np.arange(0, len(guess.velocity), 10)
    found, truth = guess.positions(days), made.positions(days)
    assert np.abs(found - truth).max() < 2.0


def test_long_pairs_stay_out_where_short_ones_have_their_midpoint(pixel):
    short = np.arange(0, 360, 12)
    given = pixel([*short, 20], [*(short + 24), 320], [*[500.0] * 30, 100.0], 0.0)
    np.testing.assert_allclose(daily_guess(given.select()).velocity[:, 0], 500.0)


def test_a_blunder_does_not_bend_the_guess(scenario):
    made = scenario(pairs=1500, pair_noise=1.0)
    given = made.pixel
    shortest = np.argmin(given.table.day2 - given.table.day1)
    clean = daily_guess(given.select()).velocity
    given.vx[shortest] *= 1.5
    given.vx[shortest] += 60.0 / 5 * 365
    np.testing.assert_allclose(daily_guess(given.select()).velocity, clean, atol=25.0)


def test_annual_pairs_alone_make_a_guess(pixel):
    start = np.arange(0, 900, 16)
    guess = daily_guess(pixel(start, start + 368, 80.0, 60.0).select())
    np.testing.assert_allclose(guess.velocity, np.tile([80.0, 60.0], (len(guess.velocity), 1)))


def test_pairs_that_lie_near_are_averaged_with_the_weight_of_their_length(pixel):
    given = pixel([0, 10], [40, 30], [100.0, 400.0], 1.0)
    np.testing.assert_allclose(daily_guess(given.select()).velocity[:, 0], (40 * 100 + 20 * 400) / 60)


def test_beyond_60_days_pairs_gain_no_weight_by_their_length(pixel):
    given = pixel([60, 10], [120, 170], [200.0, 100.0], 1.0)
    np.testing.assert_allclose(daily_guess(given.select()).velocity[:, 0], 150.0)


def test_one_pair_of_one_day_has_a_guess(pixel):
    guess = daily_guess(pixel([50], [51], 10.0, 20.0).select())
    np.testing.assert_allclose(guess.velocity, [[10.0, 20.0]])


def test_no_pairs_have_no_guess(pixel):
    assert daily_guess(pixel([0], [9], np.nan, 1.0).select()) is None


def test_the_mean_ignores_neighbours_that_are_missing_for_the_day():
    centre = DailyGuess(10, np.full((4, 2), 3.0))
    early = DailyGuess(8, np.full((4, 2), 9.0))
    apart = DailyGuess(100, np.full((2, 2), 1e6))
    mean = mean_guess(around(centre, early, None, apart))
    assert mean.first_day == 10
    np.testing.assert_array_equal(mean.velocity[:, 0], [6.0, 6.0, 3.0, 3.0])


def test_a_centre_without_pairs_has_no_mean():
    assert mean_guess(around(None, DailyGuess(0, np.ones((3, 2))))) is None


def test_nothing_is_read_before_it_is_written(pixel, monkeypatch):
    """Memory that holds NaN from before must leave no trace, neither before the first pair nor elsewhere."""
    given = pixel([0, 10, 200], [100, 30, 210], [100.0, 400.0, 90.0], 1.0).select()
    expected = daily_guess(given).velocity
    empty = np.empty
    for kernel in ("_informative", "_local_medians", "_departures"):
        monkeypatch.setattr(informative, kernel, getattr(informative, kernel).py_func)
    monkeypatch.setattr(guess, "_daily", guess._daily.py_func)
    monkeypatch.setattr(
        guess.np, "empty", lambda shape, dtype=float: np.full_like(empty(shape, dtype), _dirt(dtype))
    )
    np.testing.assert_allclose(daily_guess(given).velocity, expected)


def _dirt(dtype):
    return np.nan if np.dtype(dtype).kind == "f" else -1
