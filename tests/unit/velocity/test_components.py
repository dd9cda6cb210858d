import numpy as np
import pytest

from workers.scores.measures import rmse
from workers.velocity import quality
from workers.velocity.closure import robust_solve
from workers.velocity.components import solve_components
from workers.velocity.guess import daily_guess
from workers.velocity.invert import close
from workers.velocity.means import window_means
from workers.velocity.network import network_of
from workers.velocity.parameters import VelocityParameters
from workers.velocity.prior import Prior
from workers.velocity.series import Flag

SEPARATE = VelocityParameters(weights="separate", regularization="zero", coefficient=100.0)


def test_joint_components_are_one_robust_solution(scenario):
    network = network_of(scenario(pairs=800, pair_noise=2.0, blunders=0.02).pixel.select())
    prior = Prior(np.zeros((network.days.size, 2)))
    alone = robust_solve(network, np.ones(len(network)), prior, 100.0)
    joint = solve_components(network, np.ones(len(network)), prior, 100.0, "joint")
    np.testing.assert_array_equal(joint.positions, alone.closure.positions)
    np.testing.assert_array_equal(joint.psi, alone.psi)
    assert (joint.iterations, joint.converged) == (alone.iterations, alone.converged)


def test_a_component_does_not_feel_what_is_wrong_with_the_other(scenario):
    made = scenario(pairs=1500, pair_noise=2.0)
    network = network_of(made.pixel.select())
    before = close(network, None, SEPARATE)[0]
    hit = np.random.default_rng(0).random(len(network)) < 0.1
    network.displacement[hit, 1] += 100.0
    after = close(network, None, SEPARATE)[0]
    np.testing.assert_array_equal(after.positions[:, 0], before.positions[:, 0])
    np.testing.assert_array_equal(after.parts[0].psi, before.parts[0].psi)
    # Some dates have no other pair than a wrong one.
    assert (after.parts[1].psi[hit] == 0.0).mean() > 0.9
    assert np.median(after.parts[0].psi[hit]) > 0.8
    off = after.positions[:, 1] - before.positions[:, 1]
    assert np.median(np.abs(off - np.median(off))) < 0.5


@pytest.mark.parametrize("weights", ["joint", "separate"])
def test_normal_residuals_are_weighed_alike_whether_one_or_two_components_are_judged(scenario, weights):
    made = scenario(pairs=3000, pair_noise=3.0)
    network = network_of(made.pixel.select())
    truth = Prior(made.positions(network.days))
    found = solve_components(network, np.ones(len(network)), truth, 1000.0, weights)
    # E[psi] of standard normal residuals: 0.915 for one component, 0.834 for the radius of two.
    assert found.psi.mean() == pytest.approx({"joint": 0.834, "separate": 0.915}[weights], abs=0.03)


def test_separate_series_are_sound_and_count_the_mean_of_both(scenario):
    made = scenario(pairs=2500, date_noise=1.0, pair_noise=2.0, blunders=0.05, decorrelated=0.3)
    joint, windows = made.pixel.invert(coefficient=100.0)
    separate, _ = made.pixel.invert(weights="separate", coefficient=100.0)
    inside = (separate.quality_flag & Flag.edge) == 0
    truth = made.speed(windows)[inside]
    misses = {
        name: rmse(series.v[inside], truth) for name, series in (("joint", joint), ("separate", separate))
    }
    print(misses)
    assert misses["separate"] < 1.3 * misses["joint"]
    np.testing.assert_allclose(separate.count[inside], joint.count[inside], rtol=0.25)
    selected = made.pixel.select()
    alike = VelocityParameters(weights="separate", coefficient=100.0)
    solved = close(network_of(selected), daily_guess(selected), alike)[0]
    np.testing.assert_allclose(separate.weights, solved.psi, rtol=1e-6)
    assert (separate.v_error[inside] > 0).all()


def test_errors_of_a_component_follow_its_own_weights(scenario):
    made = scenario(pairs=1500, pair_noise=2.0)
    network = network_of(made.pixel.select())
    network.displacement[np.random.default_rng(0).random(len(network)) < 0.4, 1] += 100.0
    means = window_means(network.days, made.pixel.invert()[1])
    solved = close(network, None, SEPARATE)[0]
    error = solved.gathered([quality.window_errors(network, part.closure, means)[0] for part in solved.parts])
    ratio = np.median(error[:, 1] / error[:, 0])
    # Six tenths of the pairs are left to y.
    assert ratio == pytest.approx(np.sqrt(1 / 0.6), rel=0.1)
