"""The coefficient chosen from the pairs: by left-out images, by coherence, by the corner of the L-curve."""

from itertools import product

import numpy as np
import pytest

from workers.scores.measures import rmse
from workers.velocity.closure import solve
from workers.velocity.coefficient import CANDIDATES, UNDECIDED
from workers.velocity.folds import deal
from workers.velocity.guess import daily_guess
from workers.velocity.left_out import FOLDS, MOST_DEALS, LeftOut
from workers.velocity.network import network_of
from workers.velocity.prior import Prior, harmonics
from workers.velocity.series import Flag

RULES = ("auto", "vvc", "lcurve")


def network_and_prior(made, **choices):
    selected = made.pixel.select()
    network = network_of(selected)
    return network, Prior(daily_guess(selected).positions(network.days), **choices)


def test_auto_is_near_the_best_candidate_where_images_err_and_where_pairs_do(scenario):
    noises = {
        "images": {"date_noise": 4.0, "pair_noise": 1.0},
        "pairs": {"date_noise": 0.3, "pair_noise": 1.0},
    }
    chosen = {}
    for name, noise in noises.items():
        made = scenario(pairs=5000, years=10, dates=360, seed=1, surge=True, blunders=0.02, **noise)

        def error(coefficient, made=made):
            series, windows = made.pixel.invert(coefficient=coefficient)
            inside = (series.quality_flag & Flag.edge) == 0
            return rmse(series.v[inside], made.speed(windows)[inside]), series

        errors = {candidate: error(candidate)[0] for candidate in CANDIDATES}
        found, series = error("auto")
        chosen[name] = float(series.coefficient)
        print(name, chosen[name], round(found, 1), {c: round(e, 1) for c, e in errors.items()})
        assert found < 1.1 * min(errors.values())
    assert chosen["images"] > chosen["pairs"]


def test_the_error_left_out_is_that_of_every_pair_solved_one_fold_at_a_time(scenario):
    network, prior = network_and_prior(scenario(pairs=900, dates=60, pair_noise=2.0, date_noise=1.0))
    weight = np.random.default_rng(0).random(len(network))
    weight[::7] = 0.0
    squares, weights = 0.0, 0.0
    # So few pairs are dealt again and again.
    for number, held in product(range(MOST_DEALS), range(FOLDS)):
        fold = deal(network.days.size, FOLDS, number)
        first, second = fold[network.first], fold[network.second]
        seen = np.where((first != held) & (second != held), weight, 0.0)
        reach = np.flatnonzero(seen)
        moved = np.diff(
            solve(network, seen, prior, 300.0).positions[np.stack([network.first, network.second])], axis=0
        )[0]
        unseen = (first == held) & (second == held)
        unseen &= network.first >= network.first[reach].min()
        unseen &= network.second <= network.second[reach].max()
        squares += (weight * ((network.displacement - moved) ** 2).sum(axis=1))[unseen].sum()
        weights += weight[unseen].sum()
    assert LeftOut.of(network, weight).errors(prior, [100.0, 300.0])[1] == pytest.approx(
        (squares / weights) ** 0.5
    )


@pytest.mark.parametrize("rule", RULES)
def test_a_choice_is_a_candidate_that_is_best_on_the_curve(scenario, rule):
    made = scenario(pairs=3000, years=6, dates=250, date_noise=4.0, pair_noise=2.0)
    series, _ = made.pixel.invert(coefficient=rule)
    curve = {candidate: score for candidate, score in series.curve if np.isfinite(score)}
    assert set(curve) <= set(CANDIDATES)
    best = min(curve, key=curve.get) if rule == "auto" else max(curve, key=curve.get)
    if rule == "auto":
        # Half a step at most from the best candidate, towards the better of its neighbours.
        assert best / 3**0.51 / 1.05 < series.coefficient < best * 1.05 * (10 / 3) ** 0.51
    else:
        assert series.coefficient == (best if curve[best] > 0 else UNDECIDED)
    given, _ = made.pixel.invert(coefficient=float(series.coefficient))
    np.testing.assert_array_equal(series.v, given.v)
    assert given.curve == ()


@pytest.mark.parametrize("regularization", ["zero", "model"])
@pytest.mark.parametrize("rule", RULES)
def test_rules_serve_every_regularisation_and_separate_weights(scenario, rule, regularization):
    made = scenario(pairs=600, dates=80, date_noise=2.0, pair_noise=2.0)
    series, _ = made.pixel.invert(coefficient=rule, regularization=regularization, weights="separate")
    assert CANDIDATES[0] <= series.coefficient <= CANDIDATES[-1]
    assert np.isfinite(series.v).all()


@pytest.mark.parametrize("rule", RULES)
def test_too_few_pairs_leave_it_at_100(pixel, rule):
    series, _ = pixel([0, 10], [20, 40], [100.0, 120.0], [1.0, 2.0]).invert(coefficient=rule)
    assert series.coefficient == UNDECIDED


def test_directions_that_cohere_anyway_leave_it_at_100(scenario):
    series, _ = scenario(pairs=1500, pair_noise=0.5).pixel.invert(coefficient="vvc")
    coherences = [score for _, score in series.curve]
    assert max(coherences) - min(coherences) < 0.01
    assert series.coefficient == UNDECIDED


def test_a_pixel_without_pairs_has_no_coefficient(pixel):
    series, _ = pixel([0], [90], np.nan, 1.0).invert(coefficient="auto")
    assert np.isnan(series.coefficient)
    assert series.curve == ()


def test_the_order_of_the_pairs_changes_nothing(scenario):
    made = scenario(pairs=1200, dates=120, date_noise=3.0, pair_noise=2.0)
    turned = made.pixel[np.random.default_rng(3).permutation(made.pixel.vx.size)]
    one, other = (each.invert(coefficient="auto")[0] for each in (made.pixel, turned))
    assert one.curve == other.curve
    np.testing.assert_array_equal(one.v, other.v)


def test_roughness_is_what_the_penalty_charges_beyond_the_columns(scenario):
    made = scenario(pairs=400, dates=60)
    network, prior = network_and_prior(made, columns=harmonics(network_of(made.pixel.select()).days))
    assert prior.roughness(network, prior.target) == pytest.approx(0.0, abs=1e-20)
    along = prior.target + prior.columns[:, :2] * 30.0
    assert prior.roughness(network, along) == pytest.approx(0.0, abs=1e-15)
    bent = prior.target + 5.0 * np.sin(np.arange(network.days.size))[:, None]
    assert prior.roughness(network, bent) > 1.0
