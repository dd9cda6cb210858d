"""Weighted least squares on differences between successive unknowns: a graph Laplacian in banded form.

Unknowns u_0 .. u_{p-1} are positions on an axis with u_0 = 0 fixed; an observation e says u_j - u_i = y_e,
i < j. The normal matrix A'PA of such rows is a weighted graph Laplacian: two entries a row, half-bandwidth
b = max(j - i). One banded Cholesky factorisation (cost p b^2) gives the exact least-squares solution.

A band is a C-ordered (p - 1, b + 1) float64 array, `band[k, d]` = N[k + 1 + d, k + 1]: what LAPACK calls
lower band storage, transposed. Row 0 of the unknowns is left out, because it is fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.linalg.lapack import dpbtrf, dpbtrs


class NotPositiveDefinite(ArithmeticError):
    """The normal matrix has lost its definiteness in rounding; carries no answer."""


def bandwidth(first: np.ndarray, second: np.ndarray) -> int:
    """Half-bandwidth that holds the rows and a penalty on neighbouring intervals (2)."""
    return max(2, int((second - first).max(initial=0)))


def normal_band(
    first: np.ndarray, second: np.ndarray, weight: np.ndarray, penalty: np.ndarray, width: int
) -> np.ndarray:
    """N = A'PA + R as a band.

    Args:
        first, second: (m,) int32, unknowns that each row joins, first < second.
        weight: (m,) float64, diagonal of P.
        penalty: (p - 1, 3) float64, band of R.
        width: half-bandwidth b; rows that span more must have weight zero.

    Returns:
        (p - 1, b + 1) float64.
    """
    band = np.zeros((penalty.shape[0], width + 1))
    band[:, : min(3, width + 1)] = penalty[:, : width + 1]
    _add_rows(band, first, second, weight)
    return band


@njit(nogil=True, cache=True)
def _add_rows(band, first, second, weight):
    for e in range(first.size):
        w = weight[e]
        if w > 0.0:
            i, j = first[e] - 1, second[e] - 1
            band[j, 0] += w
            if i >= 0:
                band[i, 0] += w
                band[i, j - i] -= w


@njit(nogil=True, cache=True)
def pull(first, second, weight, y, size):
    """A'P y: what the rows ask of the unknowns but the first, (p - 1, k) for y of (m, k)."""
    asked = np.zeros((size, y.shape[1]))
    for e in range(first.size):
        w = weight[e]
        if w > 0.0:
            i, j = first[e], second[e]
            for k in range(y.shape[1]):
                asked[j, k] += w * y[e, k]
                asked[i, k] -= w * y[e, k]
    return asked[1:]


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """Banded Cholesky factor of a normal matrix."""

    lower: np.ndarray
    """(b + 1, p - 1) float64, LAPACK lower band storage"""

    @classmethod
    def of(cls, band: np.ndarray) -> Factor:
        """Factor a band; the band is used up.

        Raises:
            NotPositiveDefinite: a pivot is not positive.
        """
        lower, info = dpbtrf(band.T, lower=1, overwrite_ab=1)
        if info != 0:
            raise NotPositiveDefinite(f"Pivot {info} of {band.shape[0]} is not positive.")
        return cls(lower)

    def solve(self, right: np.ndarray) -> np.ndarray:
        """N^-1 right for (p - 1, k) right-hand sides, as (p, k) with the fixed first row of zeros."""
        solution, _ = dpbtrs(self.lower, right, lower=1)
        return np.concatenate([np.zeros((1, right.shape[1])), solution])
