"""Posterior covariance of linear functionals of the unknowns (Charrier et al. 2025, appendix A)."""

from __future__ import annotations

import numpy as np
from numba import njit

from workers.linear.bordered import BorderedNormal
from workers.linear.differences import Normal


def functional_variances(
    normal: Normal | BorderedNormal,
    functionals: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    weight: np.ndarray,
    sigma: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Variance of l'u for each functional l under S = N^-1 A'P Sy P A N^-1 (eq. A3), and with the next one.

    With z = N^-1 l the variance is the sum over rows of (P_e sigma_e (z_j - z_i))^2: a sum of squares, which
    rounding cannot make negative. The covariance of two functionals is the like sum of products.

    Args:
        normal: the N that made u.
        functionals: (p - 1, T) float64, coefficients of u_1 .. u_{p-1}.
        first, second: (m,) int32, unknowns that each row joins; equal rows are adjacent.
        weight: (m,) float64, diagonal of P.
        sigma: (m, 2) float64, error of each row for two components that share N.

    Returns:
        (T, 2) float64 variances, and (max(T - 1, 0), 2) covariances of each functional with the next; NaN for
        a component of which the error of a row is.
    """
    return _sum_of_squares(normal.solve(functionals), first, second, weight, sigma)


@njit(nogil=True, cache=True)
def _sum_of_squares(response, first, second, weight, sigma):
    count = response.shape[1]
    variance_x, variance_y = np.zeros(count), np.zeros(count)
    next_x, next_y = np.zeros(count), np.zeros(count)
    # One more, zero, for the product of the last with none.
    difference = np.zeros(count + 1)
    gathered_x, gathered_y = 0.0, 0.0
    for e in range(first.size):
        i, j = first[e], second[e]
        gathered_x += (weight[e] * sigma[e, 0]) ** 2
        gathered_y += (weight[e] * sigma[e, 1]) ** 2
        if e + 1 < first.size and first[e + 1] == i and second[e + 1] == j:
            continue
        if gathered_x != 0.0 or gathered_y != 0.0:
            left, right = response[i], response[j]
            for t in range(count):
                difference[t] = right[t] - left[t]
            for t in range(count):
                square, product = difference[t] * difference[t], difference[t] * difference[t + 1]
                variance_x[t] += gathered_x * square
                variance_y[t] += gathered_y * square
                next_x[t] += gathered_x * product
                next_y[t] += gathered_y * product
        gathered_x, gathered_y = 0.0, 0.0
    return np.stack((variance_x, variance_y), 1), np.stack((next_x, next_y), 1)[: max(count - 1, 0)]
