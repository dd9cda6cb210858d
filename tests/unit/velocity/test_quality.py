import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from workers.velocity import quality
from workers.velocity.closure import robust_solve, solve
from workers.velocity.means import window_means
from workers.velocity.network import network_of
from workers.velocity.prior import Prior
from workers.velocity.series import Flag
from workers.windows import Step, Windows


def made(edges, step="P30D"):
    edges = np.array(edges)
    return Windows(Step.parse(step), edges[:-1], edges[1:])


def solved(pixel):
    network = network_of(pixel.select())
    prior = Prior(np.zeros((network.days.size, 2)))
    return network, robust_solve(network, np.ones(len(network)), prior, 100.0)


def test_a_pair_counts_once_in_every_window_that_it_overlaps(pixel):
    network = network_of(pixel([0, 10, 30, 60], [30, 50, 90, 65], 100.0, 0.0).select())
    windows = made([0, 30, 60, 90])
    psi = np.array([1.0, 0.5, 0.25, 0.125])
    found = quality.counts(network, psi, window_means(network.days, windows))
    np.testing.assert_allclose(found, [1.5, 0.75, 0.375])


def test_the_errors_are_those_of_a_single_pair_where_there_is_no_other(pixel):
    network, robust = solved(pixel([0], [60], 100.0, 50.0, 3.0, 4.0))
    error, _ = quality.window_errors(network, robust.closure, window_means(network.days, made([0, 30, 60])))
    np.testing.assert_allclose(error, [[3.0, 4.0], [3.0, 4.0]], rtol=1e-6)


def test_a_component_that_states_no_errors_has_none(pixel):
    network, robust = solved(pixel([0, 20, 30], [40, 50, 60], 100.0, 50.0, np.nan, 4.0))
    error, _ = quality.window_errors(network, robust.closure, window_means(network.days, made([0, 30, 60])))
    assert np.isnan(error[:, 0]).all()
    assert (error[:, 1] > 0).all()
    assert math.isnan(quality.error_scale(network, np.ones((3, 2)), robust.psi))


def test_the_error_of_the_speed_lies_along_the_flow():
    velocity = np.array([[3.0, 4.0], [100.0, 0.0], [0.0, 0.0]])
    error = np.array([[5.0, 10.0], [2.0, 50.0], [2.0, 7.0]])
    np.testing.assert_allclose(quality.speed_error(velocity, error), [math.hypot(3, 8), 2.0, 7.0])


def test_the_scale_of_errors_is_at_least_one_and_sees_only_pairs_with_a_weight(scenario):
    network = network_of(scenario(pairs=3000, dates=200, stated=2.0).pixel.select())
    rng = np.random.default_rng(0)
    psi = np.ones(3000)
    left = rng.normal(0.0, 6.0, (3000, 2))
    assert quality.error_scale(network, left, psi) == pytest.approx(3.0, rel=0.05)
    assert quality.error_scale(network, left / 100, psi) == 1.0
    psi[:2000] = 0.0
    left[:2000] *= 1000.0
    assert quality.error_scale(network, left, psi) == pytest.approx(3.0, rel=0.1)


def test_few_pairs_have_a_wide_interval():
    assert quality.quantile(np.ones(1000), 0.95) == pytest.approx(1.962, abs=0.001)
    assert quality.quantile(np.ones(3), 0.95) == pytest.approx(4.303, abs=0.001)
    assert quality.quantile(np.array([1.0, 0.0]), 0.95) == pytest.approx(12.706, abs=0.001)


def test_coherence_is_one_for_one_direction_and_none_for_opposite_ones():
    assert quality.coherence(np.array([[3.0, 4.0], [30.0, 40.0]])) == pytest.approx(1.0)
    assert quality.coherence(np.array([[1.0, 0.0], [-9.0, 0.0]])) == pytest.approx(0.0)
    assert quality.coherence(np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])) == pytest.approx(math.sqrt(0.5))
    assert math.isnan(quality.coherence(np.zeros((4, 2))))


def test_windows_in_a_long_gap_are_filled(pixel):
    dense = np.arange(0, 100, 5)
    given = pixel([*dense, *(dense + 190)], [*(dense + 12), *(dense + 202)], 100.0, 50.0)
    network, robust = solved(given)
    windows = made([0, 30, 60, 90, 120, 150, 180, 210, 240])
    means = window_means(network.days, windows)
    flags = quality.raised_flags(network, robust, means, np.full(8, 10.0), 0.9, windows)
    filled = (flags & Flag.filled) > 0
    np.testing.assert_array_equal(filled, [False, False, False, True, True, True, True, False])


def test_short_gaps_do_not_count_as_filled(pixel):
    dense = np.arange(0, 100, 5)
    given = pixel([*dense, *(dense + 160)], [*(dense + 12), *(dense + 172)], 100.0, 50.0)
    network, robust = solved(given)
    windows = made([90, 120, 150, 180])
    means = window_means(network.days, windows)
    flags = quality.raised_flags(network, robust, means, np.full(3, 10.0), 0.9, windows)
    assert not (flags & Flag.filled).any()


def test_each_flag_has_its_reason(scenario):
    network, robust = solved(scenario(pairs=400).pixel)
    windows = Windows.select(Step.parse("P7D"), int(network.days[0]), int(network.days[-1]))
    means = window_means(network.days, windows)
    count = np.full(len(means), 50.0)
    count[7] = 2.9
    flags = quality.raised_flags(network, robust, means, count, 0.4, windows)
    assert flags.dtype == np.uint8
    assert (flags & Flag.short_step).all()
    assert (flags & Flag.low_vvc).all()
    assert not (flags & Flag.no_convergence).any()
    np.testing.assert_array_equal(np.flatnonzero(flags & Flag.low_count), [7])
    assert flags[0] & Flag.edge
    assert not (flags[1:-1] & Flag.edge).any()


def test_errors_of_neighbouring_windows_are_correlated_as_solutions_of_many_noises_are(scenario):
    given = scenario(pairs=400, years=3, dates=80, pair_noise=3.0)
    network, weight = network_of(given.pixel.select()), np.ones(400)
    prior = Prior(given.positions(network.days))
    means = window_means(network.days, given.pixel.invert()[1])
    _, stated = quality.window_errors(network, solve(network, weight, prior, 30.0), means)
    rng, runs = np.random.default_rng(5), []
    for _ in range(600):
        noise = rng.normal(size=network.displacement.shape) * network.error
        noisy = replace(network, displacement=network.displacement + noise)
        runs.append(means.velocity(solve(noisy, weight, prior, 30.0).positions)[:, 0])
    seen = [np.corrcoef(one, other)[0, 1] for one, other in pairwise(np.array(runs).T)]
    assert np.isnan(stated[-1]).all()
    assert stated[:-1, 0].min() < -0.3
    np.testing.assert_allclose(stated[:-1, 0], seen, atol=0.16)
