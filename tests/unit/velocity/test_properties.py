"""What holds for every pixel, however poor its pairs: checked on whatever pixels hypothesis finds."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.velocity.conftest import Pixel, pixel_of
from tests.unit.velocity.soundness import assert_same, assert_sound
from workers.velocity.closure import solve
from workers.velocity.network import YEAR, network_of
from workers.velocity.prior import Prior
from workers.velocity.series import Flag

PAIRS = ("day1", "day2", "error_x", "error_y")


@st.composite
def pixels(draw, noise=st.sampled_from([0.0, 3.0, 100.0])):
    """Pixels of 1 to 80 pairs on up to 30 dates: clusters years apart, repeats, one-day baselines."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dates, pairs = draw(st.integers(2, 30)), draw(st.integers(1, 80))
    apart = rng.integers(1, draw(st.sampled_from([2, 12, 60])), dates)
    apart[draw(st.integers(0, dates - 1))] += draw(st.sampled_from([0, 0, 400, 3000]))
    days = 16_000 + np.cumsum(apart)
    reach = draw(st.sampled_from([1, 4, 30]))
    first = rng.integers(0, dates - 1, pairs)
    second = np.minimum(first + rng.integers(1, reach + 1, pairs), dates - 1)
    baseline = days[second] - days[first]
    moved = np.outer(baseline, rng.normal(0.0, 1.0, 2)) + rng.normal(0.0, 1.0, (pairs, 2)) * draw(noise)
    velocity = np.clip(np.rint(moved / baseline[:, None] * YEAR), -20_000, 20_000)
    error = np.maximum(1.0, np.rint(400.0 / baseline))
    return pixel_of(days[first], days[second], velocity[:, 0], velocity[:, 1], error, error)


choices = st.fixed_dictionaries(
    {
        "regularization": st.sampled_from(["accel", "zero", "model"]),
        "penalty": st.sampled_from(["jumps", "acceleration"]),
        "weights": st.sampled_from(["joint", "separate"]),
        "interpolation": st.sampled_from(["linear", "spline"]),
        "coefficient": st.sampled_from([1.0, 100.0, 1e4]),
        "error_weights": st.booleans(),
    }
)


def joined(one: Pixel, *, day1, day2, vx, vy) -> Pixel:
    """A pixel with further pairs."""
    columns = [
        np.concatenate([getattr(one.table, name), extra])
        for name, extra in zip(PAIRS, (day1, day2, np.ones(day1.size), np.ones(day1.size)), strict=True)
    ]
    velocity = np.concatenate([one.vx, vx]), np.concatenate([one.vy, vy])
    return pixel_of(*columns[:2], *velocity, *columns[2:])


@given(pixels(), choices)
def test_every_pixel_has_a_sound_answer_and_gaps_are_flagged(pixel, chosen):
    series, windows = pixel.invert(margin=40, **chosen)
    assert_sound(series, windows)
    if not series.used:
        return
    network = network_of(pixel.select())
    network_end = network.days[-1]
    covered = (windows.end > network.days[0]) & (windows.start < network_end)
    assert np.isfinite(series.v[covered]).all()
    assert np.isfinite(series.v_error[covered]).all()
    unspanned = ~network.spanned(np.ones(len(network), bool))
    for left in np.flatnonzero(unspanned & (np.diff(network.days) > 60)):
        inside = (windows.end > network.days[left]) & (windows.start < network.days[left + 1])
        assert (series.quality_flag[inside] & Flag.filled > 0).all()


@given(pixels(), choices, st.integers(0, 1000))
def test_the_order_of_pairs_is_irrelevant_to_the_bit(pixel, chosen, seed):
    shuffled = pixel[np.random.default_rng(seed).permutation(len(pixel.table))]
    assert_same(shuffled.invert(margin=40, **chosen)[0], pixel.invert(margin=40, **chosen)[0], tables=False)


@given(pixels(), choices, st.integers(0, 1000))
def test_pairs_without_a_velocity_are_as_good_as_absent(pixel, chosen, seed):
    rng = np.random.default_rng(seed)
    first, last = int(pixel.table.day1.min()), int(pixel.table.day2.max())
    day1 = rng.integers(first, last, 7)
    day2 = np.minimum(day1 + rng.integers(1, 400, 7), last)
    missing = np.where(rng.random((2, 7)) < 0.5, np.nan, 100.0)
    missing[0, np.isfinite(missing).all(axis=0)] = np.nan
    both = joined(pixel, day1=day1, day2=day2, vx=missing[0], vy=missing[1])
    assert_same(both.invert(margin=40, **chosen)[0], pixel.invert(margin=40, **chosen)[0], tables=False)


@given(pixels(), choices, st.integers(-100, 100))
def test_translation_in_time_changes_nothing(pixel, chosen, steps):
    table = replace(pixel.table, day1=pixel.table.day1 + 30 * steps, day2=pixel.table.day2 + 30 * steps)
    moved, there = replace(pixel, table=table).invert(margin=40, **chosen)
    series, here = pixel.invert(margin=40, **chosen)
    assert_same(moved, series)
    np.testing.assert_array_equal(there.start, here.start + 30 * steps)


@given(pixels(), st.floats(0.0, 7.0), st.sampled_from([1.0, 100.0, 1e4]))
def test_rotated_pairs_have_the_rotated_solution(pixel, angle, coefficient):
    network = network_of(pixel.select(filter="none"))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    weight = np.random.default_rng(0).uniform(0.1, 1.0, len(network))
    target = np.outer(network.days - network.days[0], [0.3, -0.1])
    plain = solve(network, weight, Prior(target), coefficient).positions
    turned = replace(network, displacement=network.displacement @ turn)
    rotated = solve(turned, weight, Prior(target @ turn), coefficient).positions
    np.testing.assert_allclose(rotated, plain @ turn, atol=1e-6 * (1.0 + np.abs(plain).max()))


@given(pixels(), st.sampled_from([1.0, 100.0, 1e4]), st.integers(0, 1000))
def test_pairs_that_close_on_what_the_solution_is_drawn_to_are_met(pixel, coefficient, seed):
    network = network_of(pixel.select(filter="none"))
    truth = np.random.default_rng(seed).normal(0.0, 20.0, (network.days.size, 2)).cumsum(axis=0)
    truth -= truth[0]
    closed = replace(network, displacement=truth[network.second] - truth[network.first])
    found = solve(closed, np.ones(len(network)), Prior(truth), coefficient).positions
    np.testing.assert_allclose(found, truth, atol=1e-9 * (1.0 + np.abs(truth).max()))


@given(pixels(), st.sampled_from([0.5, 4.0]), st.sampled_from([1.0, 1e4]))
def test_scaled_pairs_and_target_have_the_scaled_solution(pixel, factor, coefficient):
    network = network_of(pixel.select(filter="none"))
    weight = np.random.default_rng(0).uniform(0.1, 1.0, len(network))
    target = np.outer(np.sqrt(network.days - network.days[0]), [3.0, -1.0])
    plain = solve(network, weight, Prior(target), coefficient).positions
    larger = replace(network, displacement=factor * network.displacement)
    scaled = solve(larger, weight, Prior(factor * target), coefficient).positions
    np.testing.assert_array_equal(scaled, factor * plain)


@given(st.integers(0, 10_000), st.integers(10, 400), st.sampled_from([(330, 400), (350, 380), (365, 365)]))
def test_annual_pairs_alone_give_monthly_velocities(seed, pairs, baselines):
    """Whatever dates they have, few or many; another package answers for some only."""
    rng = np.random.default_rng(seed)
    days = 16_500 + 5 * np.sort(rng.choice(6 * 73, rng.integers(8, 300), replace=False))
    first, second = np.nonzero(
        (days[None, :] - days[:, None] >= baselines[0]) & (days[None, :] - days[:, None] <= baselines[1])
    )
    if not first.size:
        return
    chosen = rng.integers(0, first.size, pairs)
    first, second = first[chosen], second[chosen]
    years = (days[second] - days[first]) / YEAR
    noise = rng.normal(0.0, 3.0, (pairs, 2)) / years[:, None]
    pixel = pixel_of(days[first], days[second], 120.0 + noise[:, 0], -90.0 + noise[:, 1], 4.0, 4.0)
    series, windows = pixel.invert(filter="none")
    assert_sound(series, windows)
    record = (windows.end > pixel.table.day1.min()) & (windows.start < pixel.table.day2.max())
    assert np.isfinite(series.v[record]).all()
    assert (series.quality_flag[record] & Flag.decorrelation_doubt > 0).any()
    assert np.median(series.v[record]) - 150.0 < 10.0
