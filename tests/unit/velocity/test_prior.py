from dataclasses import replace

import numpy as np
import pytest

from workers.scores.measures import rmse
from workers.velocity import quality
from workers.velocity.closure import solve
from workers.velocity.guess import daily_guess
from workers.velocity.means import window_means
from workers.velocity.network import network_of
from workers.velocity.prior import ANNUAL, Prior, harmonics
from workers.velocity.series import Flag


def test_harmonics_are_cycles_that_start_at_the_first_date():
    days = np.arange(100, 900, 7)
    columns = harmonics(days)
    assert columns.shape == (days.size, 4)
    assert (columns[0] == 0.0).all()
    np.testing.assert_allclose(columns[:, 0] ** 2 + (1 - columns[:, 1]) ** 2, 1.0)
    np.testing.assert_allclose(columns[:, 2], np.sin(4 * np.pi * (days - 100) / ANNUAL), atol=1e-12)


@pytest.mark.parametrize(("record", "cycles"), [(100, 0), (200, 1), (364, 1), (400, 2)])
def test_a_cycle_longer_than_the_record_is_left_out(record, cycles):
    assert harmonics(np.array([0, 50, record])).shape == (3, 2 * cycles)


def test_a_season_is_followed_through_a_gap_by_the_model_alone(scenario):
    made = scenario(pairs=2500, years=6, dates=250, baselines=(5, 100), pair_noise=2.0)
    seen = (made.pixel.table.day2 < 17_400) | (made.pixel.table.day1 > 17_700)
    sparse = made.pixel[np.flatnonzero(seen)]
    misses = {}
    for kind in ("zero", "accel", "model"):
        series, windows = sparse.invert(regularization=kind, coefficient=1000.0)
        filled = (series.quality_flag & (Flag.filled | Flag.edge)) == Flag.filled
        assert filled.sum() >= 9
        misses[kind] = rmse(series.v[filled], made.speed(windows)[filled])
    print({kind: round(miss, 1) for kind, miss in misses.items()})
    assert misses["model"] < 0.2 * min(misses["zero"], misses["accel"])


def test_the_model_carries_the_mean_of_the_pairs_and_their_season(scenario):
    made = scenario(pairs=1500, pair_noise=1.0)
    series, windows = made.pixel.invert(regularization="model", coefficient=1e5)
    inside = (series.quality_flag & Flag.edge) == 0
    assert rmse(series.v[inside], made.speed(windows)[inside]) < 2.0


def test_errors_of_the_model_are_those_of_solutions_of_many_noises(scenario):
    made = scenario(pairs=400, years=3, dates=80, pair_noise=3.0)
    network = network_of(made.pixel.select())
    prior = Prior(np.zeros((network.days.size, 2)), harmonics(network.days))
    weight = np.random.default_rng(0).uniform(0.2, 1.0, len(network))
    means = window_means(network.days, made.pixel.invert()[1])
    closure = solve(network, weight, prior, 100.0)
    stated = quality.window_errors(network, closure, means)[0][:, 0]
    rng = np.random.default_rng(5)
    runs = []
    for _ in range(300):
        noise = rng.normal(size=network.displacement.shape) * network.error
        noisy = replace(network, displacement=network.displacement + noise)
        runs.append(means.velocity(solve(noisy, weight, prior, 100.0).positions)[:, 0])
    np.testing.assert_allclose(np.std(runs, axis=0), stated, rtol=0.25)


def test_the_acceleration_penalty_hardly_depends_on_the_sampling_of_dates(scenario):
    made = scenario(pairs=1500, years=4, dates=220, pair_noise=2.0)
    guess = daily_guess(made.pixel.select())
    network = network_of(made.pixel.select())
    # Every other day between becomes a date that no pair touches: more unknowns, nothing more known.
    between = np.setdiff1d(np.arange(network.days[0] + 1, network.days[-1]), network.days)[::2]
    denser = np.sort(np.concatenate([network.days, between]))
    place = np.searchsorted(denser, network.days).astype(np.int32)
    split = replace(network, days=denser, first=place[network.first], second=place[network.second])
    _, windows = made.pixel.invert()
    change = {}
    for penalty in ("jumps", "acceleration"):
        found = []
        for each in (network, split):
            prior = Prior(guess.positions(each.days), penalty=penalty)
            closure = solve(each, np.ones(len(each)), prior, 300.0)
            found.append(window_means(each.days, windows).velocity(closure.positions))
        change[penalty] = rmse(*found)
    print({penalty: round(by, 2) for penalty, by in change.items()})
    assert change["acceleration"] < 0.3 * change["jumps"]
