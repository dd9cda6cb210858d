import math

import numpy as np
import pytest

from workers.scores.measures import bias, coverage, kge, rmse

TRUTH = np.array([100.0, 120.0, np.nan, 140.0, 160.0])
ESTIMATE = np.array([110.0, 110.0, 5.0, 150.0, np.nan])


def test_errors_are_taken_where_both_are_known():
    assert rmse(ESTIMATE, TRUTH) == pytest.approx(10.0)
    assert bias(ESTIMATE, TRUTH) == pytest.approx(10.0 / 3)
    assert math.isnan(rmse(np.array([np.nan]), np.array([1.0])))
    assert math.isnan(bias(np.array([np.nan]), np.array([1.0])))


def test_efficiency_is_one_for_the_truth_and_falls_with_each_of_its_parts():
    truth = np.array([1.0, 2.0, 3.0, 2.0])
    assert kge(truth, truth) == pytest.approx(1.0)
    assert kge(2 * truth, truth) == pytest.approx(1 - math.sqrt(2))
    assert kge(truth + 2.0, truth) == pytest.approx(0.0)
    assert kge(4.0 - truth, truth) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("estimate", "truth"), [([1.0], [1.0]), ([1.0, 2.0], [3.0, 3.0]), ([1.0, 2.0], [-1.0, 1.0]), ([], [])]
)
def test_efficiency_is_not_made_up_where_it_is_undefined(estimate, truth):
    assert math.isnan(kge(np.array(estimate), np.array(truth)))


def test_coverage_counts_intervals_with_known_ends():
    low, high = np.array([0.0, 0.0, np.nan, 5.0]), np.array([1.0, 1.0, 9.0, 6.0])
    assert coverage(low, high, np.array([0.5, 2.0, 3.0, 5.0])) == pytest.approx(2 / 3)
    assert math.isnan(coverage(low[2:3], high[2:3], low[2:3]))
