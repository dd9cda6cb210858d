"""Cholesky factors of banded normal matrices.

A band is a C-ordered (size, b + 1) float64 array, `band[k, d]` = N[k + d, k]: what LAPACK calls lower band
storage, transposed. b is the half-bandwidth.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numba import njit
from scipy.linalg.blas import dgemm, dtrmm
from scipy.linalg.lapack import dpbtrf, dpbtrs, dtrtri

SMALLEST_BLOCK = 64
"""Blocks of `solve_many` are not smaller: below this the calls cost more than the arithmetic"""


class NotPositiveDefinite(ArithmeticError):
    """A normal matrix has lost its definiteness in rounding; it holds no answer."""


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """Lower Cholesky factor L of a band, N = L L'."""

    lower: np.ndarray
    """(b + 1, size) float64, LAPACK lower band storage"""

    @classmethod
    def of(cls, band: np.ndarray) -> Factor:
        """Factor a band, in size b^2 operations; the band is used up.

        Raises:
            NotPositiveDefinite: a pivot is not positive.
        """
        lower, info = dpbtrf(band.T, lower=1, overwrite_ab=1)
        if info != 0:
            raise NotPositiveDefinite(f"Pivot {info} of {band.shape[0]} is not positive.")
        return cls(lower)

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.lower.shape[1]

    def solve(self, right: np.ndarray) -> np.ndarray:
        """N^-1 right for a few right-hand sides: (size, k)."""
        return dpbtrs(self.lower, right, lower=1)[0]

    def solve_many(self, right: np.ndarray) -> np.ndarray:
        """N^-1 right for many right-hand sides, (size, k): `solve` in blocks, several times faster.

        With blocks at least as wide as the band, L is block bidiagonal. The triangles on its diagonal are
        inverted, so that all that touches the right-hand sides is a matrix product.
        """
        block = max(self.lower.shape[0] - 1, SMALLEST_BLOCK)
        bounds = [(begin, min(begin + block, self.size)) for begin in range(0, self.size, block)]
        inverses = [dtrtri(_dense(self.lower, *at, *at), lower=1, overwrite_c=1)[0] for at in bounds]
        below = [_dense(self.lower, *under, *at) for at, under in pairwise(bounds)]
        parts = [np.asfortranarray(right[begin:end]) for begin, end in bounds]
        for at in range(len(bounds)):
            if at > 0:
                parts[at] = dgemm(-1.0, below[at - 1], parts[at - 1], beta=1.0, c=parts[at])
            parts[at] = dtrmm(1.0, inverses[at], parts[at], lower=1)
        for at in reversed(range(len(bounds))):
            if at + 1 < len(bounds):
                parts[at] = dgemm(-1.0, below[at], parts[at + 1], beta=1.0, c=parts[at], trans_a=1)
            parts[at] = dtrmm(1.0, inverses[at], parts[at], lower=1, trans_a=1)
        return np.concatenate(parts)


@njit(nogil=True, cache=True)
def _dense(lower, top, bottom, left, right):
    """L[top:bottom, left:right] as a full matrix in Fortran order."""
    columns = np.zeros((right - left, bottom - top))
    for j in range(left, right):
        for i in range(max(top, j), min(bottom, j + lower.shape[0])):
            columns[j - left, i - top] = lower[i - j, j]
    return columns.T
