import numpy as np

from workers.velocity.means import window_means
from workers.windows import Step, Windows

DAYS = np.array([10, 25, 40, 100, 130])
POSITIONS = np.array([[0.0, 0.0], [15.0, -3.0], [15.0, 6.0], [75.0, 6.0], [60.0, 9.0]])


def made(*edges):
    edges = np.array(edges)
    return Windows(Step.parse("P30D"), edges[:-1], edges[1:])


def test_means_are_differences_of_the_interpolated_path():
    windows = made(10, 33, 41, 99, 130)
    means = window_means(DAYS, windows)
    path = np.stack([np.interp([10, 33, 41, 99, 130], DAYS, component) for component in POSITIONS.T], axis=1)
    expected = np.diff(path, axis=0) / np.diff([10, 33, 41, 99, 130])[:, None] * 365
    np.testing.assert_allclose(means.velocity(POSITIONS), expected, rtol=1e-12)
    assert means.whole.all()


def test_a_window_covered_in_part_has_the_mean_of_that_part():
    means = window_means(DAYS, made(0, 30, 120, 150))
    np.testing.assert_array_equal(means.whole, [False, True, False])
    np.testing.assert_array_equal(means.start, [10, 30, 120])
    np.testing.assert_array_equal(means.end, [30, 120, 130])
    np.testing.assert_allclose(means.velocity(POSITIONS)[0], np.array([15.0, 0.0]) / 20 * 365)


def test_windows_that_share_no_time_with_the_record_are_not_covered():
    means = window_means(DAYS, made(-50, 10, 20, 130, 160))
    np.testing.assert_array_equal(means.covered, [False, True, True, False])
    assert len(means) == 2
    assert len(window_means(DAYS, made(-50, -20, 10))) == 0


def test_the_functionals_give_the_same_means():
    means = window_means(DAYS, made(0, 12, 24, 26, 105, 140))
    columns = means.functionals(4)
    assert columns.shape == (4, 5)
    np.testing.assert_allclose(columns.T @ POSITIONS[1:], means.velocity(POSITIONS), rtol=1e-12)


def test_calendar_months_have_their_own_lengths():
    days = np.arange(0, 400, 5)
    windows = Windows.select(Step.parse("P1M"), 0, 395)
    means = window_means(days, windows)
    steady = np.outer(days, [1.0, 2.0])
    np.testing.assert_allclose(means.velocity(steady), np.tile([365.0, 730.0], (len(means), 1)))
