import numpy as np
import pytest

from workers.linear.banded import Factor, NotPositiveDefinite


def banded(size: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A diagonally dominant band, and the same matrix in full."""
    rng = np.random.default_rng(seed)
    band = np.zeros((size, width + 1))
    full = np.zeros((size, size))
    for k in range(size):
        for d in range(1, min(width, size - 1 - k) + 1):
            band[k, d] = full[k + d, k] = full[k, k + d] = rng.normal()
    for k in range(size):
        band[k, 0] = full[k, k] = 1.0 + np.abs(full[k]).sum()
    return band, full


@pytest.mark.parametrize(("size", "width"), [(1, 2), (5, 2), (64, 3), (130, 7), (200, 90), (129, 32)])
def test_both_ways_of_solving_agree_with_a_full_solution(size, width):
    band, full = banded(size, width)
    right = np.random.default_rng(1).normal(size=(size, 20))
    expected = np.linalg.solve(full, right)
    factor = Factor.of(band)
    np.testing.assert_allclose(factor.solve(right), expected, rtol=1e-10, atol=1e-12)
    factor.solve_in_place(right)
    np.testing.assert_allclose(right, expected, rtol=1e-10, atol=1e-12)


def test_right_hand_sides_are_left_as_they_were():
    band, _ = banded(90, 4)
    right = np.asfortranarray(np.ones((90, 3)))
    Factor.of(band).solve(right)
    assert (right == 1.0).all()


def test_an_indefinite_band_is_refused():
    with pytest.raises(NotPositiveDefinite, match="Pivot 2 of 2"):
        Factor.of(np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0]]))
