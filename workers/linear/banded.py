"""Cholesky factors of banded normal matrices.

A band is a C-ordered (size, b + 1) float64 array, `band[k, d]` = N[k + d, k]: what LAPACK calls lower band
storage, transposed. b is the half-bandwidth.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.linalg.blas import dgemm, dtrmm
from scipy.linalg.lapack import dpbtrf, dpbtrs, dtrtri
from threadpoolctl import ThreadpoolController

BLOCK = 32
"""Rows that `solve_in_place` takes at once: with fewer the calls cost more than the arithmetic"""

_LIBRARIES = ThreadpoolController()


def on_one_thread() -> AbstractContextManager:
    """A context in which factors and solutions stay on the thread that asks for them.

    Bands are too narrow to share, and their bits should not depend on the number of cores. The libraries are
    looked for once: doing so for each pixel costs 0.9 ms.
    """
    return _LIBRARIES.limit(limits=1, user_api="blas")


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
        if right.shape[1] != 2:
            return dpbtrs(self.lower, right, lower=1)[0]
        solution = np.ascontiguousarray(right.T)
        solve_two(self.lower.T, solution[0], solution[1])
        return solution.T

    def solve_in_place(self, right: np.ndarray) -> None:
        """N^-1 right for many right-hand sides, (size, k) in C order: several times faster than `solve`.

        The rows of L are taken in blocks. The triangles on its diagonal are inverted, so that all that
        touches the right-hand sides is a matrix product.
        """
        width = self.lower.shape[0] - 1
        blocks = []
        for begin in range(0, self.size, BLOCK):
            end, left = min(begin + BLOCK, self.size), max(0, begin - width)
            inverse = dtrtri(_dense(self.lower, begin, end, begin, end), lower=1, overwrite_c=1)[0]
            beside = _dense(self.lower, begin, end, left, begin)
            # Transposed views are in Fortran order: the products below work where the numbers lie.
            blocks.append((right[left:begin].T, right[begin:end].T, beside, inverse))
        for before, part, beside, inverse in blocks:
            if before.size:
                dgemm(-1.0, before, beside, beta=1.0, c=part, trans_b=1, overwrite_c=1)
            dtrmm(1.0, inverse, part, side=1, lower=1, trans_a=1, overwrite_b=1)
        for before, part, beside, inverse in reversed(blocks):
            dtrmm(1.0, inverse, part, side=1, lower=1, overwrite_b=1)
            if before.size:
                dgemm(-1.0, part, beside, beta=1.0, c=before, overwrite_c=1)


@njit(nogil=True, cache=True, fastmath={"reassoc", "nsz", "contract"})
def solve_two(band: np.ndarray, x: np.ndarray, y: np.ndarray) -> None:
    """Solve for two right-hand sides (size,) in place, so that L is read once for both.

    `band` is the lower factor, (size, b + 1).
    The compiler may add the products of a row in several sums at once: in always the same ones.
    """
    size, width = band.shape[0], band.shape[1] - 1
    for k in range(size):
        x[k] /= band[k, 0]
        y[k] /= band[k, 0]
        at_x, at_y = x[k], y[k]
        below_x, below_y = x[k + 1 : k + 1 + width], y[k + 1 : k + 1 + width]
        column = band[k, 1:]
        for d in range(below_x.size):
            below_x[d] -= column[d] * at_x
            below_y[d] -= column[d] * at_y
    for k in range(size - 1, -1, -1):
        below_x, below_y = x[k + 1 : k + 1 + width], y[k + 1 : k + 1 + width]
        column = band[k, 1:]
        held_x, held_y = 0.0, 0.0
        for d in range(below_x.size):
            held_x += column[d] * below_x[d]
            held_y += column[d] * below_y[d]
        x[k] = (x[k] - held_x) / band[k, 0]
        y[k] = (y[k] - held_y) / band[k, 0]


@njit(nogil=True, cache=True)
def _dense(lower, top, bottom, left, right):
    """L[top:bottom, left:right] as a full matrix in Fortran order."""
    columns = np.zeros((right - left, bottom - top))
    for j in range(left, right):
        for i in range(max(top, j), min(bottom, j + lower.shape[0])):
            columns[j - left, i - top] = lower[i - j, j]
    return columns.T
