import numpy as np
import pytest

from tests.unit.velocity.conftest import Pixel
from workers.cubes.merging import stacked
from workers.velocity.datasets import dataset_quality, on_one_footing
from workers.velocity.guess import daily_guess
from workers.velocity.merged_guess import merged_guess
from workers.velocity.network import network_of


def merged(*pixels):
    """Pairs of several sets at one pixel."""
    names = tuple(f"set{number}" for number in range(len(pixels)))
    table, places = stacked(names, [(number, pixel.table, False) for number, pixel in enumerate(pixels)])
    vx, vy = np.full((2, len(table)), np.nan, np.float32)
    for pixel, place in zip(pixels, places, strict=True):
        vx[place], vy[place] = pixel.vx, pixel.vy
    return Pixel(table, vx, vy)


@pytest.fixture
def two(scenario):
    """A precise set and a noisy one, whose stated errors are a quarter of the true ones."""
    precise = scenario(pairs=900, seed=0, pair_noise=3.0)
    noisy = scenario(pairs=900, seed=1, pair_noise=12.0, stated=3.0)
    return precise, merged(precise.pixel, noisy.pixel)


def departure(made, guess):
    days = guess.first_day + np.arange(len(guess.velocity) + 1)
    truth = np.diff(made.positions(days), axis=0) * 365
    return np.sqrt(((guess.velocity - truth)[30:-30] ** 2).mean())


def test_quality_and_honesty_of_the_sets_are_told_by_their_departures(two):
    _, both = two
    selected = both.select()
    network = network_of(selected)
    even = on_one_footing(network, selected.dataset, merged_guess(selected, "savgol"))
    noisy = selected.dataset == 1
    assert (even.quality[~noisy] == 1).all()
    assert 0.2 < even.quality[noisy][0] < 0.4
    np.testing.assert_array_equal(even.error[~noisy], network.error[~noisy])
    ratio = even.error[noisy] / network.error[noisy]
    assert 2.5 < ratio[0, 0] < 5
    np.testing.assert_allclose(ratio, ratio[0, 0])


def test_a_noisy_set_hardly_troubles_the_guess_of_a_better_one(two):
    made, both = two
    selected = both.select()
    alone = departure(made, daily_guess(made.pixel.select()))
    together = departure(made, merged_guess(selected, "savgol"))
    assert together < 1.05 * alone
    assert departure(made, daily_guess(selected)) > 1.05 * together


def test_a_further_set_fills_the_gap_of_a_better_one(scenario):
    precise, noisy = (
        scenario(pairs=2500, seed=seed, pair_noise=noise) for seed, noise in ((0, 1.0), (1, 2.5))
    )
    first = int(precise.pixel.table.day1.min())
    day1, day2 = precise.pixel.table.day1, precise.pixel.table.day2
    gappy = precise.pixel[np.flatnonzero((day2 < first + 400) | (day1 > first + 800))]
    alone, together = daily_guess(gappy.select()), merged_guess(merged(gappy, noisy.pixel).select(), "savgol")

    def in_the_gap(guess):
        days = np.arange(guess.first_day, guess.first_day + len(guess.velocity))
        within = (days > first + 430) & (days < first + 770)
        truth = np.diff(precise.positions(np.append(days, days[-1] + 1)), axis=0) * 365
        return np.sqrt(((guess.velocity - truth)[within] ** 2).mean())

    assert in_the_gap(together) < 0.6 * in_the_gap(alone)


def test_one_set_is_what_it_is_without_any_other(scenario):
    given = scenario(pairs=300, pair_noise=3.0).pixel
    selected = merged(given, given[np.zeros(0, np.int64)]).select()
    np.testing.assert_array_equal(
        merged_guess(selected, "savgol").velocity, daily_guess(given.select()).velocity
    )
    assert (dataset_quality(network_of(selected)) == 1).all()


def test_a_set_of_few_pairs_is_taken_as_good_as_the_best(scenario):
    given = scenario(pairs=500, pair_noise=3.0).pixel
    few = scenario(pairs=6, seed=5, pair_noise=30.0).pixel
    selected = merged(given, few).select()
    even = on_one_footing(network_of(selected), selected.dataset, merged_guess(selected, "savgol"))
    assert (even.quality == 1).all()


def test_noise_free_sets_have_equal_quality_and_keep_their_errors(pixel):
    start = np.arange(0, 600, 6)
    given = pixel(start, start + 30, 100.0, 20.0)
    selected = merged(given, given).select()
    network = network_of(selected)
    even = on_one_footing(network, selected.dataset, merged_guess(selected, "savgol"))
    assert (even.quality == 1).all()
    np.testing.assert_array_equal(even.error, network.error)


def test_shares_tell_pairs_quality_and_bias_of_each_set(scenario):
    one, other = (scenario(pairs=800, seed=seed, pair_noise=3.0).pixel for seed in (0, 1))
    other.vx += 25.0
    series, _ = merged(one, other).invert(datasets="set1")
    first, second = series.shares
    assert (first.dataset, second.dataset) == (0, 1)
    assert first.used + second.used == series.used
    assert np.isnan(first.bias).all()
    assert 17.0 < second.bias[0] < 27.0
    assert second.bias[1] == pytest.approx(0.0, abs=4 * second.bias_error[1])
    assert second.bias[0] > 4 * second.bias_error[0]


def test_the_order_of_storage_changes_nothing(two):
    _, both = two
    shuffled = np.random.default_rng(3).permutation(len(both.table))
    table = both.table
    parts = {
        name: getattr(table, name)[shuffled]
        for name in ("day1", "day2", "error_x", "error_y", "sensor", "order", "dataset")
    }
    other = Pixel(
        type(table)(**parts, sensors=table.sensors, datasets=table.datasets),
        both.vx[shuffled],
        both.vy[shuffled],
    )
    (one, _), (again, _) = both.invert(datasets="set1"), other.invert(datasets="set1")
    assert one.vx.tobytes() == again.vx.tobytes()
    assert one.v_error.tobytes() == again.v_error.tobytes()
