import math

import numpy as np
import pytest

from workers.cubes.pairs import PairTable
from workers.errors import InvalidRequest
from workers.scores.holdout import HeldOutError, holdout, rolling_median
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import select_pairs


def pairs(count=900, noise=0.0, seed=0, longest=200):
    """A table of pairs over two years on ice at 300 m/yr along x that swings by 100 m/yr with the season."""
    rng = np.random.default_rng(seed)
    days = 16_000 + 6 * np.arange(120)
    first = rng.integers(0, 119, count)
    second = np.minimum(first + rng.integers(1, longest // 6, count), 119)
    order = np.lexsort((second, first))
    day1, day2 = days[first[order]], days[second[order]]
    phase = 2 * math.pi / 365.0
    along = 300 / 365 * days + 100 / 365 / phase * np.sin(phase * days)
    moved = along[second[order]] - along[first[order]] + rng.normal(0, noise, count)
    vx = (moved / (day2 - day1) * 365).astype(np.float32)
    error = np.ones(count, np.float32)
    table = PairTable(
        day1.astype(np.int32),
        day2.astype(np.int32),
        error,
        error,
        np.zeros(count, np.uint8),
        ("?",),
        np.arange(count),
    )
    return table, vx, np.full(count, 20.0, np.float32)


def test_errors_of_no_pairs_are_unknown():
    none = HeldOutError.of(np.empty(0))
    assert none.pairs == 0
    assert math.isnan(none.median)


def test_clean_pairs_of_unseen_images_are_predicted():
    score = holdout(*pairs(), VelocityParameters(coefficient=10.0))
    assert score.kept == 900
    assert 100 < score.path.all.pairs < 180
    assert score.path.short.pairs < score.path.all.pairs
    assert score.path.all.median < 2.0
    assert score.product.all.median < 10.0
    assert score.path.all.percentile_90 >= score.path.all.median


def test_noise_shows_in_every_method():
    score = holdout(*pairs(noise=5.0), VelocityParameters())
    for method in (score.path, score.product, score.rolling_median, score.rolling_median_product):
        assert 5.0 < method.all.median < 200.0
        assert method.all.pairs == score.path.all.pairs


def test_the_score_is_the_same_every_time():
    one, other = (holdout(*pairs(noise=5.0), VelocityParameters()) for _ in range(2))
    assert one == other


def test_the_rolling_median_follows_the_season():
    selected = select_pairs(*pairs(), VelocityParameters())
    days = np.arange(16_060, 16_600)
    expected = 300 + 100 * np.cos(2 * math.pi / 365 * (days + 0.5))
    medians = rolling_median(selected, days)
    assert np.abs(medians[:, 0] - expected).max() < 40.0
    np.testing.assert_allclose(medians[:, 1], 20.0)


def test_without_short_pairs_there_is_no_rolling_median():
    table, vx, vy = pairs(longest=600)
    table.day2[:] = table.day1 + 400
    medians = rolling_median(select_pairs(table, vx, vy, VelocityParameters()), np.arange(16_000, 16_100))
    assert np.isnan(medians).all()


def test_too_few_pairs_cannot_be_held_out():
    table, vx, vy = pairs()
    vx[3:] = np.nan
    with pytest.raises(InvalidRequest, match="None of the 3 pairs kept"):
        holdout(table, vx, vy, VelocityParameters())
    with pytest.raises(InvalidRequest, match="None of the 0 pairs kept"):
        holdout(table, np.full_like(vx, np.nan), vy, VelocityParameters())


def test_one_part_holds_nothing_out():
    with pytest.raises(InvalidRequest, match="at least 2") as raised:
        holdout(*pairs(count=20), VelocityParameters(), folds=1)
    assert raised.value.where == "folds"
