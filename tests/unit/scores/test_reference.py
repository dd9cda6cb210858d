"""References and windows by hand: who is averaged over whom, with which weight, and what is left out."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from workers.scores.reference import References, ReferenceScore, compare, pooled
from workers.velocity.series import Flag, PixelSeries
from workers.windows import Step, Windows

NAN = math.nan


def windows(edges):
    edges = np.array(edges)
    return Windows(Step.parse("P10D"), edges[:-1], edges[1:])


def series(v, flags=None, reach=5.0, **columns):
    """A series along x at speeds v; the rest is what a comparison does not look at."""
    v = np.array(v, np.float32)
    told = {field.name: np.zeros_like(v) for field in dataclasses.fields(PixelSeries)}
    flags = np.zeros(v.size, np.uint8) if flags is None else np.array(flags, np.uint8)
    told |= {"v": v, "vx": v, "v_low": v - reach, "v_high": v + reach, "quality_flag": flags, **columns}
    return PixelSeries(**told)


def references(spans, speed, vector=None, error=None):
    start, end = np.array(spans, float).T
    speed = np.array(speed, float)
    vector = np.full((speed.size, 2), NAN) if vector is None else np.array(vector, float)
    error = np.full(speed.size, NAN) if error is None else np.array(error, float)
    return References(start, end, speed, vector, error)


def test_references_are_weighed_by_the_days_that_they_share_with_a_window():
    # Of the first window: 4 days at 100, 6 at 200; the third reference ends in the second window.
    told = compare(
        windows([0, 10, 20]),
        series([170.0, 90.0]),
        references([(0, 4), (4, 10), (8, 18), (30, 31)], [100.0, 200.0, 300.0, 400.0], error=[4, 3, 2, 1]),
    )
    weight = np.array([4, 6, 2]) / 12
    np.testing.assert_allclose(told.truth[:, 0], [weight @ [100, 200, 300], 300.0])
    np.testing.assert_allclose(told.estimate[:, 0], [170.0, 90.0])
    np.testing.assert_allclose(told.error, [np.hypot.reduce(weight * [4, 3, 2]), 2.0])
    assert (told.low[0], told.high[0], told.unused) == (165.0, 175.0, 1)
    assert np.isnan(told.truth[:, 1:]).all()


@pytest.mark.parametrize(
    ("spans", "counted"),
    [([(0, 5)], 1), ([(0, 4.9)], 0), ([(0, 3), (1, 4), (2, 4)], 0), ([(0, 3), (8, 10)], 1)],
)
def test_a_window_counts_if_half_of_it_is_covered_however_often(spans, counted):
    told = compare(windows([0, 10]), series([1.0]), references(spans, [1.0] * len(spans)))
    assert len(told) == counted
    assert told.unused == (0 if counted else len(spans))


def test_of_a_long_reference_the_mean_of_its_windows_is_taken():
    # Days 5 to 25: half of the first and of the third window, and all of the second.
    told = compare(
        windows([0, 10, 20, 30]), series([100.0, 160.0, 200.0]), references([(5, 25)], [150.0], error=[6])
    )
    np.testing.assert_allclose(told.estimate[:, 0], [(5 * 100 + 10 * 160 + 5 * 200) / 20])
    assert told.truth[0, 0] == 150.0
    assert told.error[0] == 6.0
    assert np.isnan(told.low[0])
    assert np.isnan(ReferenceScore.of(told).coverage)
    part = compare(windows([0, 10, 20, 30]), series([100.0, NAN, 200.0]), references([(5, 25)], [150.0]))
    np.testing.assert_allclose(part.estimate[:, 0], [150.0])
    less = compare(windows([0, 10, 20, 30]), series([NAN, NAN, 200.0]), references([(5, 25)], [150.0]))
    assert (len(less), less.unused) == (0, 1)


def test_speeds_are_those_of_mean_vectors_where_vectors_are_known():
    told = compare(
        windows([0, 10]),
        series([50.0], vx=np.array([40.0]), vy=np.array([30.0])),
        references([(0, 5), (5, 10)], [50.0, 50.0], vector=[(30.0, 40.0), (30.0, -40.0)]),
    )
    np.testing.assert_allclose(told.truth, [[30.0, 30.0, 0.0]])
    np.testing.assert_allclose(told.estimate, [[50.0, 40.0, 30.0]])


def test_windows_that_say_less_than_they_seem_to_are_left_out():
    told = compare(
        windows([0, 10, 20, 30]),
        series([1.0, NAN, 3.0], flags=[Flag.edge, Flag.no_data, Flag.filled]),
        references([(day, day + 1) for day in range(30)], [3.0] * 30),
    )
    np.testing.assert_allclose(told.estimate[:, 0], [3.0])
    assert told.unused == 20


def test_scores_are_those_of_the_pairs_that_were_brought_together():
    daily = references([(day, day + 1) for day in range(20)], [100.0] * 10 + [200.0] * 10, error=[10.0] * 20)
    one = compare(windows([0, 10, 20]), series([110.0, 198.0]), daily)
    score = ReferenceScore.of(one)
    assert score.windows == 2
    assert score.mean == 150.0
    assert score.v.rmse == pytest.approx(math.sqrt((100 + 4) / 2))
    assert score.v.bias == pytest.approx(4.0)
    assert score.v.kge == pytest.approx(1 - math.hypot(88 / 100 - 1, 154 / 150 - 1))
    assert score.coverage == 0.5
    assert score.error == pytest.approx(10 / math.sqrt(10))
    assert math.isnan(score.vx.rmse)
    both = pooled([one, compare(windows([0, 10]), series([100.0]), daily)])
    assert (len(both), both.unused) == (3, 10)
    assert ReferenceScore.of(both).v.rmse == pytest.approx(math.sqrt((100 + 4 + 0) / 3))


def test_nothing_to_compare_is_no_number():
    score = ReferenceScore.of(compare(windows([0, 10]), series([1.0]), references([(50, 51)], [1.0])))
    assert (score.windows, score.unused) == (0, 1)
    assert all(math.isnan(value) for value in (score.mean, score.v.rmse, score.v.kge, score.coverage))
