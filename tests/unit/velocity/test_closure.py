from dataclasses import replace

import numpy as np
import pytest

from workers.linear.penalty import jumps
from workers.velocity.closure import robust_solve, solve, stated_quality
from workers.velocity.guess import daily_guess
from workers.velocity.invert import close
from workers.velocity.means import window_means
from workers.velocity.network import network_of
from workers.velocity.parameters import VelocityParameters
from workers.velocity.prior import Prior


def orthogonal_solution(network, weight, target, coefficient):
    """Positions by a QR of the system of eq. 3, written out in full."""
    dates, pairs = network.days.size, len(network)
    rows = np.zeros((pairs, dates))
    rows[np.arange(pairs), network.first] = -1.0
    rows[np.arange(pairs), network.second] = 1.0
    gamma = np.zeros((dates - 2, dates))
    for k, row in enumerate(jumps(network.days.astype(float))):
        gamma[k, k : k + 3] = coefficient * row
    stacked = np.vstack([np.sqrt(weight)[:, None] * rows, gamma])[:, 1:]
    right = np.vstack([np.sqrt(weight)[:, None] * network.displacement, gamma @ target])
    q, r = np.linalg.qr(stacked)
    return np.vstack([np.zeros((1, 2)), np.linalg.solve(r, q.T @ right)])


@pytest.mark.parametrize("coefficient", [10.0, 100.0, 1000.0])
@pytest.mark.parametrize("follow", [True, False])
def test_positions_and_velocities_are_those_of_an_orthogonal_factorisation(scenario, coefficient, follow):
    selected = scenario(pairs=1200, date_noise=4.0, pair_noise=2.0, blunders=0.02).pixel.select()
    network, guess = network_of(selected), daily_guess(selected)
    target = guess.positions(network.days) * follow
    weight = np.random.default_rng(1).uniform(0.0, 1.0, len(network))
    found = solve(network, weight, Prior(target), coefficient).positions
    expected = orthogonal_solution(network, weight, target, coefficient)
    assert np.abs(found - expected).max() < 1e-6 * np.abs(expected).max()
    _, windows = scenario(pairs=1200).pixel.invert()
    means = window_means(network.days, windows)
    assert np.abs(means.velocity(found) - means.velocity(expected)).max() < 0.01


def test_a_closed_network_without_noise_is_recovered(scenario):
    made = scenario(pairs=1500)
    network = network_of(made.pixel.select())
    truth = made.positions(network.days)
    found = solve(network, np.ones(len(network)), Prior(truth), 100.0).positions
    # The pairs come as float32 velocities: 6e-8 of some 200 m.
    assert np.abs(found - truth).max() < 1e-3


def test_rotated_pairs_have_the_rotated_solution(scenario):
    made = scenario(date_noise=4.0, pair_noise=2.0, blunders=0.05, decorrelated=0.3)
    selected = made.pixel.select()
    network = network_of(selected)
    angle = 0.7
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = replace(network, displacement=network.displacement @ turn)
    start = daily_guess(selected).positions(network.days)
    plain = robust_solve(network, np.ones(len(network)), Prior(start), 100.0)
    rotated = robust_solve(turned, np.ones(len(network)), Prior(start @ turn), 100.0)
    np.testing.assert_allclose(rotated.closure.positions, plain.closure.positions @ turn, atol=1e-6)
    np.testing.assert_allclose(rotated.psi, plain.psi, atol=1e-8)
    assert rotated.iterations == plain.iterations


def test_pairs_moved_in_time_have_the_solution_moved_in_time(scenario):
    given = scenario(date_noise=4.0, pair_noise=2.0).pixel
    later = given[np.arange(len(given.table))]
    later.table.day1[:] += 977
    later.table.day2[:] += 977
    here, there = network_of(given.select()), network_of(later.select())
    np.testing.assert_array_equal(there.days, here.days + 977)
    found = [
        close(network, daily_guess(pixel.select()), VelocityParameters())[0].positions
        for network, pixel in ((here, given), (there, later))
    ]
    np.testing.assert_array_equal(*found)


def test_blunders_get_no_weight(scenario):
    made = scenario(pair_noise=1.0, blunders=0.1)
    network = network_of(made.pixel.select())
    truth = made.positions(network.days)
    robust = robust_solve(network, np.ones(len(network)), Prior(truth), 100.0)
    off = np.hypot(*(network.displacement - (truth[network.second] - truth[network.first])).T)
    assert robust.converged
    assert (robust.psi[off > 15.0] == 0.0).all()
    assert np.median(robust.psi[off < 2.0]) > 0.8


def test_a_majority_of_decorrelated_long_pairs_is_recognised(scenario):
    made = scenario(pairs=3000, pair_noise=2.0, decorrelated=0.6)
    selected = made.pixel.select()
    network = network_of(selected)
    robust = close(network, daily_guess(selected), VelocityParameters())[0]
    truth = made.positions(network.days)
    off = np.hypot(*(network.displacement - (truth[network.second] - truth[network.first])).T)
    long = network.baseline > 180
    assert (off[long] > 20.0).mean() > 0.5
    assert (robust.psi[long & (off > 20.0)] == 0.0).mean() > 0.95
    assert np.median(robust.psi[long & (off < 4.0)]) > 0.5


def test_intervals_that_only_long_pairs_span_are_doubtful(pixel):
    early, late = np.arange(0, 200, 10), np.arange(500, 700, 10)
    day1 = np.concatenate([early, late, [100, 110, 120]])
    day2 = np.concatenate([early + 20, late + 20, [600, 610, 620]])
    selected = pixel(day1, day2, 100.0, 50.0).select()
    network = network_of(selected)
    (robust,) = close(network, daily_guess(selected), VelocityParameters())[0].parts
    gap = np.diff(network.days) > 180
    np.testing.assert_array_equal(robust.doubtful, gap)


def test_quality_is_the_median_error_over_the_pairs_own_in_metres(pixel):
    day1 = np.array([0, 1, 2, 3, 4])
    error = np.array([1.0, 2.0, 4.0, 100.0, 0.01]) * 36.5
    network = network_of(pixel(day1, day1 + 10, 50.0, 0.0, error, error).select())
    np.testing.assert_allclose(stated_quality(network), [2.0, 1.0, 0.5, 0.1, 10.0], rtol=1e-6)


def test_pairs_of_which_none_states_an_error_are_of_equal_quality(pixel):
    network = network_of(pixel([0, 5], [10, 15], 50.0, 0.0, np.nan, np.nan).select())
    np.testing.assert_array_equal(stated_quality(network), [1.0, 1.0])


def test_the_target_decides_where_pairs_say_little(pixel):
    network = network_of(pixel([0, 100], [10, 110], [100.0, 300.0], 1.0).select())
    straight = solve(network, np.ones(2), Prior(np.zeros((4, 2))), 1e4).positions
    speeds = np.diff(straight[:, 0]) / np.diff(network.days) * 365
    np.testing.assert_allclose(speeds, 200.0, rtol=0.01)
