import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import savgol_filter

from workers.velocity.smoothing import SMOOTHERS, gaussian, lowess, running_median, savitzky_golay


def noise(days):
    return np.random.default_rng(days).normal(size=(days, 2))


@pytest.mark.parametrize("days", [1, 2, 3, 4, 5, 40, 90, 91, 92, 800])
def test_the_cubic_is_that_of_savitzky_and_golay_and_ends_in_lines(days):
    window = min(91, days if days % 2 else days - 1)
    given, half = noise(days), window // 2
    expected = savgol_filter(given, window, min(3, window - 1), axis=0)
    # At the ends a line: the cubic's value in the middle of the window, the slope of the best line.
    for begin, beyond in ((0, np.arange(half)), (days - window, np.arange(days - half, days))):
        slope = np.polyfit(np.arange(window), given[begin:][:window], 1)[0] if window > 1 else np.zeros(2)
        expected[beyond] = expected[begin + half] + np.outer(beyond - (begin + half), slope)
    np.testing.assert_allclose(savitzky_golay(given), expected, atol=1e-12)


def test_inside_the_record_the_gaussian_and_the_median_are_those_of_scipy():
    given = noise(400)
    expected = gaussian_filter1d(given, 91 / 8, axis=0, radius=45)
    np.testing.assert_allclose(gaussian(given)[45:-45], expected[45:-45], atol=1e-12)
    expected = median_filter(given, (91, 1))
    np.testing.assert_array_equal(running_median(given)[45:-45], expected[45:-45])


def test_at_the_ends_the_median_is_that_of_the_days_that_there_are():
    given = noise(60)
    np.testing.assert_array_equal(running_median(given)[0], np.median(given[:46], axis=0))
    np.testing.assert_array_equal(running_median(given)[-5], np.median(given[10:], axis=0))


def test_local_lines_fit_as_weighted_least_squares_does():
    given = np.linspace([0.0, 5.0], [90.0, -5.0], 300) + 0.001 * noise(300)
    day, near = 20, np.arange(0, 66)
    root = np.sqrt((1 - (np.abs(near - day) / 46.0) ** 3) ** 3)
    design = np.column_stack([np.ones(near.size), near - day])
    line, *_ = np.linalg.lstsq(design * root[:, None], given[near] * root[:, None], rcond=None)
    np.testing.assert_allclose(lowess(given)[day], line[0], atol=1e-3)


@pytest.mark.parametrize("name", SMOOTHERS)
@pytest.mark.parametrize("days", [1, 2, 5, 90, 91, 300])
def test_steady_flow_stays_what_it_is_on_records_of_any_length(name, days):
    steady = np.tile([120.0, -35.0], (days, 1))
    np.testing.assert_allclose(SMOOTHERS[name](steady), steady, rtol=1e-10)


@pytest.mark.parametrize("name", SMOOTHERS)
def test_every_smoother_follows_the_season_and_takes_noise_away(name):
    season = 100 + 40 * np.sin(2 * np.pi * np.arange(1500) / 365.25)
    truth = np.column_stack([season, -season])
    given = truth + 30 * noise(1500)
    departure = SMOOTHERS[name](given) - truth
    assert np.sqrt((departure[45:-45] ** 2).mean()) < 0.3 * 30


@pytest.mark.parametrize("name", ["median", "lowess"])
def test_robust_smoothers_pass_over_days_gone_wrong(name):
    given = np.tile([100.0, 0.0], (400, 1)) + 0.5 * noise(400)
    given[200:215] += 500.0
    assert np.abs(SMOOTHERS[name](given) - [100.0, 0.0]).max() < 2.0
    assert np.abs(savitzky_golay(given) - [100.0, 0.0]).max() > 50.0
