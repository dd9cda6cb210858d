import numpy as np
import pytest

from workers.linear.covariance import functional_variances
from workers.linear.differences import Differences


@pytest.mark.parametrize("coefficient", [10.0, 100.0, 1e4])
def test_variances_are_those_of_the_formula_written_out(full_system, coefficient):
    full = full_system(dates=60, rows=300, coefficient=coefficient)
    rng = np.random.default_rng(4)
    weight, sigma = rng.uniform(0.0, 1.0, 300), rng.uniform(1.0, 5.0, (300, 2))
    weight[::7] = 0.0
    functionals = rng.normal(size=(59, 25))
    _, normal = full.system.solve(weight)
    system = full.system
    found, following = functional_variances(normal, functionals, system.first, system.second, weight, sigma)
    inverse = np.linalg.inv(full.normal(weight))
    for component in range(2):
        gain = inverse @ full.rows.T * (weight * sigma[:, component])
        expected = functionals.T @ gain @ gain.T @ functionals
        np.testing.assert_allclose(found[:, component], np.diagonal(expected), rtol=1e-6)
        np.testing.assert_allclose(
            following[:, component], np.diagonal(expected, 1), rtol=1e-5, atol=1e-9 * expected.max()
        )


def test_equal_rows_side_by_side_count_each():
    first, second = np.array([0, 0], np.int32), np.array([1, 1], np.int32)
    system = Differences(first, second, np.ones((2, 2)), np.array([0.0, 5.0]), np.zeros((1, 3)))
    _, normal = system.solve(np.ones(2))
    variance, following = functional_variances(
        normal, np.ones((1, 1)), first, second, np.ones(2), np.full((2, 2), 3.0)
    )
    np.testing.assert_allclose(variance, [[4.5, 4.5]])
    assert following.shape == (0, 2)


def test_solutions_scatter_as_the_variances_say(full_system):
    full = full_system(dates=40, rows=150, coefficient=0.001)
    system, weight = full.system, np.ones(150)
    _, normal = system.solve(weight)
    functional = np.zeros((39, 1))
    functional[-1] = 1.0
    variance, _ = functional_variances(
        normal, functional, system.first, system.second, weight, np.full((150, 2), 4.0)
    )
    rng = np.random.default_rng(8)
    right = np.stack([full.rows.T @ rng.normal(0, 4, 150) for _ in range(4000)], axis=1)
    scatter = normal.solve(right)[-1].var()
    assert scatter == pytest.approx(variance[0, 0], rel=0.1)
