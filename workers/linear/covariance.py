"""Posterior variances of linear functionals of the unknowns (Charrier et al. 2025, appendix A)."""

from __future__ import annotations

import numpy as np
from numba import njit

from workers.linear.banded import Factor


def functional_variances(
    factor: Factor, functionals: np.ndarray, first: np.ndarray, second: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """Variance of l'u for each functional l under S = N^-1 A'P Sy P A N^-1 (eq. A3).

    With z = N^-1 l the variance is the sum over rows of (P_e sigma_e (z_j - z_i))^2: a sum of squares, which
    rounding cannot make negative.

    Args:
        factor: of the N that made u.
        functionals: (p - 1, T) float64, coefficients of u_1 .. u_{p-1}.
        first, second: (m,) int32, unknowns that each row joins; equal rows are adjacent.
        spread: (m, k) float64, (P_e sigma_e)^2 of each row for k components of one factor.

    Returns:
        (T, k) float64.
    """
    response = np.ascontiguousarray(factor.solve(functionals))
    return _sum_of_squares(response, first, second, spread)


@njit(nogil=True, cache=True)
def _sum_of_squares(response, first, second, spread):
    count, components = response.shape[1], spread.shape[1]
    variance = np.zeros((components, count))
    gathered = np.zeros(components)
    for e in range(first.size):
        gathered += spread[e]
        i, j = first[e], second[e]
        if e + 1 < first.size and first[e + 1] == i and second[e + 1] == j:
            continue
        for k in range(components):
            size = gathered[k]
            if size > 0.0:
                for t in range(count):
                    difference = response[j, t] - response[i, t]
                    variance[k, t] += size * difference * difference
            gathered[k] = 0.0
    return variance.T
