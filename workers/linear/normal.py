"""The factored normal matrix of differences, and solving with it.

The penalty leaves one direction free, the straight line t. A strong penalty drowns what the rows say of it in
rounding (c = 10^6 on a real record: wrong by thousands of m/yr), so it is solved for by itself: the line
is taken off before the factor is used and put right after it (c = 10^6: 10^-4 m/yr).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.linear.banded import Factor, solve_two

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
        if right.shape[1] == 2:
            return _solve_both(self.factor.lower.T, self.line, self.pull, right)
        solution = np.zeros((self.size + 1, right.shape[1]))
        bent = solution[1:]
        steady = _take_line_off(self.line, self.pull, right, bent)
        if right.shape[1] < MANY:
            bent[:] = self.factor.solve(bent)
        else:
            self.factor.solve_in_place(bent)
        _put_line_back(self.line, self.pull, steady, bent)
        return solution


@njit(nogil=True, cache=True)
def _take_line_off(line, pull, right, rest):
    """Fill `rest` with what of `right` the bent part is left with; return the share of the line in each."""
    steady = np.zeros(right.shape[1])
    stiffness = 0.0
    for i in range(line.size):
        stiffness += line[i] * pull[i]
        at, row = line[i], right[i]
        for t in range(row.size):
            steady[t] += at * row[t]
    steady /= stiffness
    for i in range(line.size):
        at, row, left = pull[i], right[i], rest[i]
        for t in range(row.size):
            left[t] = row[t] - at * steady[t]
    return steady


@njit(nogil=True, cache=True)
def _put_line_back(line, pull, steady, bent):
    """Add the line to solutions of its rest, less what these hold of it already."""
    held = np.zeros(steady.size)
    stiffness = 0.0
    for i in range(line.size):
        stiffness += line[i] * pull[i]
        at, row = pull[i], bent[i]
        for t in range(row.size):
            held[t] += at * row[t]
    share = steady - held / stiffness
    for i in range(line.size):
        at, row = line[i], bent[i]
        for t in range(row.size):
            row[t] += at * share[t]


@njit(nogil=True, cache=True)
def _solve_both(band, line, pull, right):
    """What `Normal.solve` does, for two right-hand sides in one call."""
    solution = np.zeros((line.size + 1, 2))
    bent = solution[1:]
    steady = _take_line_off(line, pull, right, bent)
    x, y = bent[:, 0].copy(), bent[:, 1].copy()
    solve_two(band, x, y)
    for k in range(line.size):
        bent[k, 0], bent[k, 1] = x[k], y[k]
    _put_line_back(line, pull, steady, bent)
    return solution
