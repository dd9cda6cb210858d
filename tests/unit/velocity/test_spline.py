import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from workers.scores.measures import rmse
from workers.velocity.means import window_means
from workers.velocity.series import Flag
from workers.velocity.spline import spline_means
from workers.windows import Step, Windows


def made(*edges):
    edges = np.array(edges)
    return Windows(Step.parse("P30D"), edges[:-1], edges[1:])


@pytest.mark.parametrize("dates", [3, 4, 40])
def test_means_are_those_of_the_natural_spline_through_the_positions(dates):
    rng = np.random.default_rng(dates)
    days = np.cumsum(rng.integers(1, 40, dates))
    positions = rng.normal(size=(dates, 2)).cumsum(axis=0)
    edges = np.unique(rng.integers(days[0], days[-1] + 1, 9))
    path = CubicSpline(days, positions, bc_type="natural")(edges)
    expected = np.diff(path, axis=0) / np.diff(edges)[:, None] * 365
    means = spline_means(days, made(*edges))
    np.testing.assert_allclose(means.velocity(positions), expected, rtol=1e-9, atol=1e-9)
    anchored = positions - positions[0]
    columns = means.functionals(dates - 1)
    np.testing.assert_allclose(columns.T @ anchored[1:], expected, rtol=1e-9, atol=1e-9)


def test_between_two_dates_the_spline_is_the_straight_line():
    days, windows = np.array([10, 50]), made(0, 20, 45, 60)
    positions = np.array([[0.0, 0.0], [3.0, -2.0]])
    straight, bent = window_means(days, windows), spline_means(days, windows)
    np.testing.assert_array_equal(bent.velocity(positions), straight.velocity(positions))
    np.testing.assert_array_equal(bent.functionals(1), straight.functionals(1))
    np.testing.assert_array_equal(bent.covered, straight.covered)


def test_the_spline_overshoots_in_gaps_and_gains_nothing_elsewhere(scenario):
    given = scenario(pairs=4000, years=6, dates=300, baselines=(5, 60), pair_noise=3.0)
    table, record = given.pixel.table, 16_500
    in_gap = np.zeros(len(table), bool)
    for begin in range(record + 150, record + 2000, 220):
        in_gap |= (table.day2 > begin) & (table.day1 < begin + 100)
    sparse = given.pixel[np.flatnonzero(~in_gap)]
    misses = {}
    for kind in ("linear", "spline"):
        series, windows = sparse.invert(interpolation=kind)
        truth, filled = given.speed(windows), (series.quality_flag & Flag.filled) > 0
        inside = ~filled & ((series.quality_flag & Flag.edge) == 0)
        misses[kind] = rmse(series.v[filled], truth[filled]), rmse(series.v[inside], truth[inside])
        assert (series.v_error[inside] > 0).all()
    print(misses)
    assert misses["spline"][0] > misses["linear"][0]
    assert misses["spline"][1] > 0.9 * misses["linear"][1]
