"""Weighted least squares on differences between unknowns: a graph Laplacian in banded form.

Unknowns u_0 .. u_{p-1} are positions in time order with u_0 = 0 fixed; row e says u_j - u_i = y_e, i < j. The
normal matrix A'PA of such rows is a weighted graph Laplacian: two entries a row, and banded, with
b = max(j - i). With a penalty on jumps of slope it is positive definite as soon as one row has a weight, and
one banded Cholesky factorisation gives the exact solution.

The penalty leaves one direction free, the straight line t. A strong penalty drowns what the rows say of it in
rounding (c = 10^6 on a real record: wrong by thousands of m/yr), so it is solved for by itself: the line
is taken off before the factor is used and put right after it (c = 10^6: 10^-4 m/yr).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.linear.banded import Factor, NotPositiveDefinite

MANY = 16
"""Right-hand sides from which on solving in blocks is faster"""


@dataclass(frozen=True, slots=True, eq=False)
class Normal:
    """N = A'PA + R of the unknowns u_1 .. u_{p-1}, ready to solve with."""

    factor: Factor
    line: np.ndarray
    """(p - 1,) float64, t: the straight line, with R t = 0"""
    pull: np.ndarray
    """(p - 1,) float64, N t"""

    @property
    def size(self) -> int:
        """p - 1."""
        return self.line.size

    def solve(self, right: np.ndarray) -> np.ndarray:
        """N^-1 right for (p - 1, k) right-hand sides, as (p, k) with the fixed u_0 = 0."""
        solution = np.zeros((self.size + 1, right.shape[1]))
        bent = solution[1:]
        steady = _take_line_off(self.line, self.pull, right, bent)
        if right.shape[1] < MANY:
            bent[:] = self.factor.solve(bent)
        else:
            self.factor.solve_in_place(bent)
        _put_line_back(self.line, self.pull, steady, bent)
        return solution


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """m rows on p unknowns, for k components that share the weights."""

    first: np.ndarray
    """(m,) int32, i of each row"""
    second: np.ndarray
    """(m,) int32, j > i"""
    observed: np.ndarray
    """(m, k) float64, y"""
    times: np.ndarray
    """(p,) float64, increasing from 0"""
    penalty: np.ndarray
    """(p - 1, 3) float64, band of R without the fixed unknown (`linear.penalty`)"""

    def solve(self, weight: np.ndarray) -> tuple[np.ndarray, Normal]:
        """Minimise (Au - y)'P(Au - y) + u'Ru.

        Args:
            weight: (m,) float64, diagonal of P; rows with 0 play no part, not even in the bandwidth.

        Returns:
            u as (p, k) float64, and N.

        Raises:
            NotPositiveDefinite: no row has a weight.
        """
        band, right, pull = _normal(self.first, self.second, weight, self.observed, self.times, self.penalty)
        if not pull.any():
            raise NotPositiveDefinite("No row has a weight.")
        normal = Normal(Factor.of(band), self.times[1:], pull)
        return normal.solve(right), normal

    def squared_residuals(self, unknowns: np.ndarray) -> np.ndarray:
        """(m,): |y_e - (u_j - u_i)|^2 over all components, for unknowns of (p, k)."""
        return _squares(self.first, self.second, self.observed, unknowns)


@njit(nogil=True, cache=True)
def _take_line_off(line, pull, right, rest):
    """Fill `rest` with what of `right` the bent part is left with; return the share of the line in each."""
    steady = np.zeros(right.shape[1])
    stiffness = 0.0
    for i in range(line.size):
        stiffness += line[i] * pull[i]
        for t in range(steady.size):
            steady[t] += line[i] * right[i, t]
    steady /= stiffness
    for i in range(line.size):
        for t in range(steady.size):
            rest[i, t] = right[i, t] - pull[i] * steady[t]
    return steady


@njit(nogil=True, cache=True)
def _put_line_back(line, pull, steady, bent):
    """Add the line to solutions of its rest, less what these hold of it already."""
    held = np.zeros(steady.size)
    stiffness = 0.0
    for i in range(line.size):
        stiffness += line[i] * pull[i]
        for t in range(steady.size):
            held[t] += pull[i] * bent[i, t]
    held /= stiffness
    for i in range(line.size):
        for t in range(steady.size):
            bent[i, t] += line[i] * (steady[t] - held[t])


@njit(nogil=True, cache=True)
def residuals(first, second, observed, unknowns):
    """(m, k): y_e - (u_j - u_i) for observations of (m, k) and unknowns of (p, k)."""
    left = np.empty_like(observed)
    for e in range(first.size):
        for k in range(observed.shape[1]):
            left[e, k] = observed[e, k] - (unknowns[second[e], k] - unknowns[first[e], k])
    return left


@njit(nogil=True, cache=True)
def _normal(first, second, weight, observed, times, penalty):
    """The band of N, A'P y, and N t for the straight line t = times. Equal rows side by side are one."""
    width = 2
    for e in range(first.size):
        if weight[e] > 0.0:
            width = max(width, second[e] - first[e])
    size, components = penalty.shape[0], observed.shape[1]
    band = np.zeros((size, width + 1))
    band[:, :3] = penalty
    right = np.zeros((size, components))
    pull = np.zeros(size)
    gathered, observations = 0.0, np.zeros(components)
    for e in range(first.size):
        gathered += weight[e]
        for k in range(components):
            observations[k] += weight[e] * observed[e, k]
        if e + 1 < first.size and first[e + 1] == first[e] and second[e + 1] == second[e]:
            continue
        if gathered > 0.0:
            i, j = first[e] - 1, second[e] - 1
            lasting = gathered * (times[j + 1] - times[i + 1])
            band[j, 0] += gathered
            pull[j] += lasting
            for k in range(components):
                right[j, k] += observations[k]
            if i >= 0:
                band[i, 0] += gathered
                band[i, j - i] -= gathered
                pull[i] -= lasting
                for k in range(components):
                    right[i, k] -= observations[k]
        gathered = 0.0
        observations[:] = 0.0
    return band, right, pull


@njit(nogil=True, cache=True)
def _squares(first, second, observed, unknowns):
    squares = np.empty(first.size)
    for e in range(first.size):
        total = 0.0
        for k in range(observed.shape[1]):
            residual = observed[e, k] - (unknowns[second[e], k] - unknowns[first[e], k])
            total += residual * residual
        squares[e] = total
    return squares
