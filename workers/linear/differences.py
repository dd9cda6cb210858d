"""Weighted least squares on differences between unknowns: a graph Laplacian in banded form.

Unknowns u_0 .. u_{p-1} are positions in time order with u_0 = 0 fixed; row e says u_j - u_i = y_e, i < j. The
normal matrix A'PA of such rows is a weighted graph Laplacian: two entries a row, and banded, with
b = max(j - i). With a penalty on jumps of slope it is positive definite as soon as one row has a weight, and
one banded Cholesky factorisation gives the exact solution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.linear.banded import Factor, NotPositiveDefinite
from workers.linear.normal import Normal
from workers.linear.robust import Jury


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """m rows on p unknowns, for two components that share the weights."""

    first: np.ndarray
    """(m,) int32, i of each row; rows go faster where those of equal i are neighbours"""
    second: np.ndarray
    """(m,) int32, j > i"""
    observed: np.ndarray
    """(m, 2) float64, y"""
    times: np.ndarray
    """(p,) float64, increasing from 0"""
    penalty: np.ndarray
    """(p - 1, 3) float64, band of R without the fixed unknown (`linear.penalty`)"""

    def solve(self, weight: np.ndarray) -> tuple[np.ndarray, Normal]:
        """Minimise (Au - y)'P(Au - y) + u'Ru.

        Args:
            weight: (m,) float64, diagonal of P; rows with 0 play no part, not even in the bandwidth.

        Returns:
            u as (p, 2) float64, and N.

        Raises:
            NotPositiveDefinite: no row has a weight.
        """
        band, right, pull = _normal(self.first, self.second, weight, self.observed, self.times, self.penalty)
        if not pull.any():
            raise NotPositiveDefinite("No row has a weight.")
        normal = Normal(Factor.of(band), self.times[1:], pull)
        return normal.solve(right), normal

    def solve_each(self, weight: np.ndarray, factors: Iterable[float]) -> Iterator[np.ndarray]:
        """The u (p, 2) for R times each of some factors: the rows are added up but once.

        Raises:
            NotPositiveDefinite: no row has a weight.
        """
        free = np.zeros_like(self.penalty)
        band, right, pull = _normal(self.first, self.second, weight, self.observed, self.times, free)
        if not pull.any():
            raise NotPositiveDefinite("No row has a weight.")
        for factor in factors:
            stiff = band.copy()
            stiff[:, :3] += factor * self.penalty
            yield Normal(Factor.of(stiff), self.times[1:], pull).solve(right)

    def correction(self, normal: Normal, weight: np.ndarray, unknowns: np.ndarray) -> np.ndarray:
        """The step from any u towards the solution for `weight`, by the N of other weights.

        Exact where `normal` is of the same weights, and near where it is of similar ones, for a small part
        of what a factor costs.

        Args:
            normal: of this system.
            weight: (m,) float64, diagonal of P.
            unknowns: (p, 2) float64, u.

        Returns:
            (p, 2) float64, N^-1 (A'P (y - Au) - Ru).
        """
        return normal.solve(
            _descent(self.first, self.second, weight, self.observed, self.penalty, unknowns)[1:]
        )

    def squared_residuals(self, unknowns: np.ndarray) -> np.ndarray:
        """(m,): |y_e - (u_j - u_i)|^2, for unknowns of (p, 2)."""
        return _squares(self.first, self.second, self.observed, unknowns)

    def judged(self, unknowns: np.ndarray, jury: Jury) -> tuple[np.ndarray, np.ndarray]:
        """Robust weights of the rows by their residuals: (m,) psi and (m,) P, for unknowns of (p, 2)."""
        return jury.verdict(self.squared_residuals(unknowns))

    def rows(self, chosen: np.ndarray) -> Differences:
        """The same unknowns with the rows of `chosen` alone, (m,) bool."""
        if chosen.all():
            return self
        return Differences(*_picked(self.first, self.second, self.observed, chosen), self.times, self.penalty)


@njit(nogil=True, cache=True)
def _picked(first, second, observed, chosen):
    left, right, seen = np.empty_like(first), np.empty_like(second), np.empty_like(observed)
    kept = 0
    for e in range(first.size):
        left[kept], right[kept] = first[e], second[e]
        seen[kept, 0], seen[kept, 1] = observed[e, 0], observed[e, 1]
        kept += chosen[e]
    return left[:kept], right[:kept], seen[:kept]


@njit(nogil=True, cache=True)
def residuals(first, second, observed, unknowns):
    """(m, 2): y_e - (u_j - u_i) for observations of (m, 2) and unknowns of (p, 2)."""
    left = np.empty((first.size, 2))
    for e in range(first.size):
        i, j = np.uint64(first[e]), np.uint64(second[e])
        left[e, 0] = observed[e, 0] - (unknowns[j, 0] - unknowns[i, 0])
        left[e, 1] = observed[e, 1] - (unknowns[j, 1] - unknowns[i, 1])
    return left


@njit(nogil=True, cache=True)
def _normal(first, second, weight, observed, times, penalty):
    """The band of N, A'P y, and N t for the straight line t = times."""
    width = 2
    for e in range(first.size):
        if weight[e] > 0.0:
            width = max(width, second[e] - first[e])
    size = penalty.shape[0] + 1
    # With a row for the fixed unknown, which is left out at the end: no row of A needs a question.
    band = np.zeros((size, width + 1))
    band[1:, 1:3] = penalty[:, 1:]
    # Of each unknown, side by side: the diagonal, N t, and A'P y of both components.
    sums = np.zeros((size, 4))
    sums[1:, 0] = penalty[:, 0]
    # Unsigned: no index needs to be asked whether it counts from the end, a third of the time.
    e, rows = np.uint64(0), np.uint64(first.size)
    while e < rows:
        i = np.uint64(first[e])
        beside, start = band[i], times[i]
        total, steady, x, y = 0.0, 0.0, 0.0, 0.0
        while e < rows and np.uint64(first[e]) == i:
            w = weight[e]
            if w > 0.0:
                j = np.uint64(second[e])
                lasting, along_x, along_y = w * (times[j] - start), w * observed[e, 0], w * observed[e, 1]
                beside[j - i] -= w
                sums[j, 0] += w
                sums[j, 1] += lasting
                sums[j, 2] += along_x
                sums[j, 3] += along_y
                total, steady, x, y = total + w, steady + lasting, x + along_x, y + along_y
            e += np.uint64(1)
        sums[i, 0] += total
        sums[i, 1] -= steady
        sums[i, 2] -= x
        sums[i, 3] -= y
    band[:, 0] = sums[:, 0]
    return band[1:], sums[1:, 2:].copy(), sums[1:, 1].copy()


@njit(nogil=True, cache=True)
def _descent(first, second, weight, observed, penalty, unknowns):
    """A'P (y - Au) - Ru, (p, 2); the row of the fixed unknown says nothing."""
    descent = np.zeros_like(unknowns)
    e, rows = np.uint64(0), np.uint64(first.size)
    while e < rows:
        i = np.uint64(first[e])
        from_x, from_y, x, y = unknowns[i, 0], unknowns[i, 1], 0.0, 0.0
        while e < rows and np.uint64(first[e]) == i:
            w, j = weight[e], np.uint64(second[e])
            along_x = w * (observed[e, 0] - (unknowns[j, 0] - from_x))
            along_y = w * (observed[e, 1] - (unknowns[j, 1] - from_y))
            descent[j, 0] += along_x
            descent[j, 1] += along_y
            x, y = x + along_x, y + along_y
            e += np.uint64(1)
        descent[i, 0] -= x
        descent[i, 1] -= y
    take_penalty_off(penalty, unknowns, descent)
    return descent


@njit(nogil=True, cache=True)
def take_penalty_off(penalty, unknowns, rest):
    """rest - R unknowns in place, (p, k) both, for the band of R without the fixed unknown."""
    for k in range(1, len(unknowns)):
        for t in range(unknowns.shape[1]):
            rest[k, t] -= penalty[k - 1, 0] * unknowns[k, t]
        for d in range(1, min(3, len(unknowns) - k)):
            for t in range(unknowns.shape[1]):
                rest[k, t] -= penalty[k - 1, d] * unknowns[k + d, t]
                rest[k + d, t] -= penalty[k - 1, d] * unknowns[k, t]


@njit(nogil=True, cache=True)
def _squares(first, second, observed, unknowns):
    squares = np.empty(first.size)
    for e in range(first.size):
        i, j = np.uint64(first[e]), np.uint64(second[e])
        x = observed[e, 0] - (unknowns[j, 0] - unknowns[i, 0])
        y = observed[e, 1] - (unknowns[j, 1] - unknowns[i, 1])
        squares[e] = x * x + y * y
    return squares
