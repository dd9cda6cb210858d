"""How often the 95 % interval holds the truth, where its assumptions hold and where they do not.

Pairs err independently by 4 m, as stated, without outliers; 20 pixels over four years. The truth of a window
is that of the path which is straight between the dates, as the method assumes.
"""

import numpy as np
import pytest

from workers.scores.measures import coverage
from workers.velocity import quality
from workers.velocity.closure import solve
from workers.velocity.guess import daily_guess
from workers.velocity.means import window_means
from workers.velocity.network import network_of
from workers.velocity.prior import Prior
from workers.windows import Step, Windows

PIXELS = 20


def held(scenario, coefficient, guess_of):
    """Share of windows whose interval holds the true mean speed; all pairs have weight one."""
    low, high, truth = [], [], []
    for seed in range(PIXELS):
        made = scenario(pairs=1500, seed=seed, pair_noise=4.0)
        selected = made.pixel.select()
        network = network_of(selected)
        weight = np.ones(len(network))
        closure = solve(network, weight, Prior(guess_of(made, selected, network)), coefficient)
        windows = Windows.select(Step.parse("P30D"), int(network.days[0]), int(network.days[-1]))
        means = window_means(network.days, windows)
        velocity = means.velocity(closure.positions)
        error, _ = quality.window_errors(network, closure, means)
        reach = quality.quantile(weight, 0.95) * quality.speed_error(velocity, error)
        speed = np.hypot(*velocity.T)
        low.append((speed - reach)[means.whole])
        high.append((speed + reach)[means.whole])
        truth.append(np.hypot(*means.velocity(made.positions(network.days)).T)[means.whole])
    return coverage(np.concatenate(low), np.concatenate(high), np.concatenate(truth))


def from_truth(made, selected, network):
    return made.positions(network.days)


def from_pairs(made, selected, network):
    return daily_guess(selected).positions(network.days)


@pytest.mark.parametrize("coefficient", [10.0, 100.0, 1000.0])
def test_the_interval_holds_the_truth_as_often_as_it_says_where_the_guess_is_true(scenario, coefficient):
    share = held(scenario, coefficient, from_truth)
    print(f"coverage with the true guess, c = {coefficient:g}: {share:.3f}")
    assert 0.93 <= share <= 0.97


def test_a_computed_guess_is_not_in_the_interval(scenario):
    shares = {c: held(scenario, c, from_pairs) for c in (100.0, 1000.0)}
    for coefficient, share in shares.items():
        print(f"coverage with the computed guess, c = {coefficient:g}: {share:.3f}")
    assert shares[1000.0] < shares[100.0] < 0.95
