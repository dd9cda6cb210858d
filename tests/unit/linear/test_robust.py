import math

import numpy as np
import pytest

from workers.linear.robust import SAMPLE, TUKEY, biweight, median, radial_scale


def test_the_scale_of_normal_residuals_is_their_standard_deviation():
    residuals = np.random.default_rng(0).normal(0.0, 3.0, (200_000, 2))
    assert radial_scale((residuals**2).sum(axis=1)) == pytest.approx(3.0, rel=0.01)


def test_one_component_has_the_same_scale_as_two():
    residuals = np.random.default_rng(0).normal(0.0, 3.0, 200_000)
    assert radial_scale(residuals**2, components=1) == pytest.approx(3.0, rel=0.01)


def test_the_scale_ignores_a_minority_however_wild():
    squares = np.ones(101)
    squares[:50] = 1e12
    assert radial_scale(squares) == radial_scale(np.ones(3))


def test_no_residuals_have_no_scale():
    assert math.isnan(radial_scale(np.empty(0)))


def test_the_biweight_falls_from_one_to_nothing():
    edge = (TUKEY * 2.0) ** 2
    weights = biweight(np.array([0.0, edge / 4, edge, 2 * edge]), 2.0)
    np.testing.assert_allclose(weights, [1.0, (3 / 4) ** 2, 0.0, 0.0], atol=1e-15)


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101, 1000, 5000, 30_001])
@pytest.mark.parametrize("ties", [1e9, 3.0, 0.0])
def test_medians_are_those_of_sorted_numbers(size, ties):
    values = np.round(np.random.default_rng(size).normal(size=size) * ties)
    ordered = np.sort(values)
    expected = 0.5 * (ordered[(size - 1) // 2] + ordered[size // 2])
    assert median(values) == expected
    assert median(values.astype(np.float32)) == pytest.approx(expected, rel=1e-6)


def test_numbers_in_order_have_the_median_of_their_middle():
    assert median(np.arange(10_001.0) ** 2) == 5000.0**2


def test_a_sample_that_misleads_changes_no_median():
    values = np.random.default_rng(8).normal(size=20_000)
    values[:: values.size // SAMPLE] = 100.0
    assert median(values) == np.median(values)


@pytest.mark.parametrize("size", [3, 9000])
def test_nothing_but_missing_numbers_has_no_median(size):
    assert math.isnan(median(np.full(size, np.nan)))
