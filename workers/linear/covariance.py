"""Posterior covariance of linear functionals of the unknowns (Charrier et al. 2025, appendix A)."""

from __future__ import annotations

import numpy as np
from numba import njit

from workers.linear.bordered import BorderedNormal
from workers.linear.normal import Normal

NEGLIGIBLE = 3e-5
"""Of the largest difference in a functional's response, below which a row adds nothing: 1e-9 of the largest
square, so that a variance is right to a float32"""
ROWS = 16
"""Unknowns that are judged together by that"""
ABREAST = 4
"""Rows that are added up at once"""


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
    rounding cannot make negative. The covariance of two functionals is the like sum of products. A mean over
    a window moves little but the neighbourhood of the window: rows that it does not move are passed by.

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
    # One more functional, none, for the product of the last with the next.
    response = normal.solve(np.pad(functionals, ((0, 0), (0, 1))))
    return _sum_of_squares(response, first, second, weight, sigma)


@njit(nogil=True, cache=True)
def _sum_of_squares(response, first, second, weight, sigma):
    count = response.shape[1] - 1
    begin, end = _moved(response[:, :count], first, second, weight)
    # Variances along x and y, then covariances with the next one.
    sums = np.zeros((4, count))
    others, gathered = np.zeros(ABREAST, np.int64), np.zeros((ABREAST, 2))
    e, abreast = 0, 0
    while e < first.size:
        i, j = first[e], second[e]
        along_x, along_y = 0.0, 0.0
        while e < first.size and first[e] == i and second[e] == j:
            along_x += (weight[e] * sigma[e, 0]) ** 2
            along_y += (weight[e] * sigma[e, 1]) ** 2
            e += 1
        if along_x != 0.0 or along_y != 0.0:
            others[abreast], gathered[abreast, 0], gathered[abreast, 1] = j, along_x, along_y
            abreast += 1
        last = e == first.size or first[e] != i
        if abreast == ABREAST or (last and abreast):
            gathered[abreast:] = 0.0
            _add(response, i, others, gathered, sums, begin[i // ROWS], end[i // ROWS])
            abreast = 0
    return sums[:2].T.copy(), sums[2:, : max(count - 1, 0)].T.copy()


@njit(nogil=True, cache=True)
def _add(response, i, others, gathered, sums, begin, end):
    """Add what four rows that begin at i make of the differences in the responses, each and with the next."""
    # Slices, so that no index needs to be asked whether it counts from the end.
    origin = response[i, begin:]
    a, b = response[others[0], begin:], response[others[1], begin:]
    c, d = response[others[2], begin:], response[others[3], begin:]
    for component in range(2):
        squares, products = sums[component, begin:end], sums[2 + component, begin:end]
        of_a, of_b = gathered[0, component], gathered[1, component]
        of_c, of_d = gathered[2, component], gathered[3, component]
        for t in range(squares.size):
            here, then = origin[t], origin[t + 1]
            da, db, dc, dd = a[t] - here, b[t] - here, c[t] - here, d[t] - here
            pa, pb, pc, pd = of_a * da, of_b * db, of_c * dc, of_d * dd
            squares[t] += (pa * da + pb * db) + (pc * dc + pd * dd)
            products[t] += (pa * (a[t + 1] - then) + pb * (b[t + 1] - then)) + (
                pc * (c[t + 1] - then) + pd * (d[t + 1] - then)
            )


@njit(nogil=True, cache=True)
def _moved(response, first, second, weight):
    """For every `ROWS` unknowns, which functionals rows from them on can add to: from where to where."""
    size, count = response.shape
    reach = 0
    for e in range(first.size):
        if weight[e] > 0.0:
            reach = max(reach, second[e] - first[e])
    blocks = (size - 1) // ROWS + 1
    least, most = np.empty((blocks, count)), np.empty((blocks, count))
    for k in range(size):
        block, row = k // ROWS, response[k]
        if k % ROWS == 0:
            least[block], most[block] = row, row
        _widen(least[block], most[block], row, row)
    spread, widest = np.empty((blocks, count)), np.zeros(count)
    for block in range(blocks):
        low, high, spans = least[block].copy(), most[block].copy(), spread[block]
        for other in range(block + 1, min(blocks, block + 1 + (reach + ROWS - 1) // ROWS)):
            _widen(low, high, least[other], most[other])
        for t in range(count):
            spans[t] = high[t] - low[t]
            widest[t] = max(widest[t], spans[t])
    begin, end = np.full(blocks, count), np.zeros(blocks, np.int64)
    for block in range(blocks):
        for t in range(count):
            if spread[block, t] > NEGLIGIBLE * widest[t]:
                begin[block], end[block] = min(begin[block], t), t + 1
    return begin, end


@njit(nogil=True, cache=True)
def _widen(low, high, least, most):
    for t in range(low.size):
        low[t] = least[t] if least[t] < low[t] else low[t]
        high[t] = most[t] if most[t] > high[t] else high[t]
