import math

import numpy as np
import pytest

from workers.linear.robust import TUKEY, biweight, median, median_in_place, radial_scale


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


@pytest.mark.parametrize("size", [1, 2, 3, 10, 101, 1000])
@pytest.mark.parametrize("ties", [1e9, 3.0, 0.0])
def test_medians_are_those_of_sorted_numbers(size, ties):
    values = np.round(np.random.default_rng(size).normal(size=size) * ties)
    ordered = np.sort(values)
    expected = 0.5 * (ordered[(size - 1) // 2] + ordered[size // 2])
    assert median(values) == expected
    assert median(values.astype(np.float32)) == pytest.approx(expected, rel=1e-6)
    assert median_in_place(values) == expected
