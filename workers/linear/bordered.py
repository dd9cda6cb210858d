"""Differences between unknowns that are drawn to a sum of columns, whose amplitudes are fitted along.

The cost is |P^1/2 (A u - y)|^2 + (u - M a)'R(u - M a) over the unknowns u and the amplitudes a of the columns
of M. Its normal matrix is the band N = A'PA + R with a border as wide as there are columns; the band alone is
factored. With Q = M - N^-1 A'PA M = N^-1 R M, what u gains when a column is added to what it is drawn to, and
the Schur complement S = Q'A'PA Q + (M - Q)'R(M - Q) of the amplitudes, the solution is u = G A'P y with

    G = N^-1 + Q S^-1 Q'.

S is a sum of squares and Q a difference from M: neither a weak nor a strong penalty drowns them in rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from workers.linear.differences import Differences, take_penalty_off
from workers.linear.normal import Normal
from workers.linear.robust import Jury

NEGLIGIBLE = 1e-14
"""Amplitudes that the cost tells less than this, beside what the rows could tell of them, are left at zero"""


@dataclass(frozen=True, slots=True, eq=False)
class BorderedNormal:
    """What maps A'P y to u after the amplitudes have been eliminated, ready to solve with."""

    normal: Normal
    gain: np.ndarray
    """(p, q) float64, Q with a row for the fixed first unknown"""
    inverse: np.ndarray
    """(q, q) float64, S^-1"""

    @property
    def size(self) -> int:
        """p - 1."""
        return self.normal.size

    def solve(self, right: np.ndarray) -> np.ndarray:
        """G right for (p - 1, k) right-hand sides, as (p, k) with the fixed u_0 = 0."""
        amplitudes = self.inverse @ (self.gain[1:].T @ right)
        return self.normal.solve(right) + self.gain @ amplitudes


@dataclass(frozen=True, slots=True, eq=False)
class Bordered:
    """Differences with columns whose amplitudes are free."""

    differences: Differences
    columns: np.ndarray
    """(p, q) float64, M, zero at the first unknown. What of a column the penalty does not see, a straight
    line, plays no part: the unknowns themselves are free to follow it."""

    def solve(self, weight: np.ndarray) -> tuple[np.ndarray, BorderedNormal]:
        """Minimise the cost over unknowns and amplitudes; arguments and errors as of `Differences.solve`."""
        rows = self.differences
        plain, normal = rows.solve(weight)
        pull = _pull(rows.first, rows.second, weight, self.columns)
        held = normal.solve(pull[1:])
        gain = self.columns - held
        reached, agreed = _seen(rows.first, rows.second, weight, rows.observed, gain)
        resisting = np.zeros_like(held)
        take_penalty_off(rows.penalty, held, resisting)
        schur = reached - held.T @ resisting
        inverse = _inverse(schur, (self.columns * pull).sum(axis=0))
        return plain + gain @ (inverse @ agreed), BorderedNormal(normal, gain, inverse)

    def solve_each(self, weight: np.ndarray, factors: Iterable[float]) -> Iterator[np.ndarray]:
        """The u (p, 2) for the penalty times each of some factors, as of `Differences.solve_each`."""
        for factor in factors:
            stiff = replace(self.differences, penalty=factor * self.differences.penalty)
            yield Bordered(stiff, self.columns).solve(weight)[0]

    def correction(self, normal: BorderedNormal, weight: np.ndarray, unknowns: np.ndarray) -> np.ndarray:
        """The step from any u to the solution for `weight`: with a border it costs a new factor."""
        return self.solve(weight)[0] - unknowns

    def squared_residuals(self, unknowns: np.ndarray) -> np.ndarray:
        """(m,): |y_e - (u_j - u_i)|^2, for unknowns of (p, 2)."""
        return self.differences.squared_residuals(unknowns)

    def judged(self, unknowns: np.ndarray, jury: Jury) -> tuple[np.ndarray, np.ndarray]:
        """Robust weights of the rows, as of `Differences.judged`."""
        return self.differences.judged(unknowns, jury)

    def rows(self, chosen: np.ndarray) -> Bordered:
        """The same unknowns and columns with the rows of `chosen` alone, (m,) bool."""
        return Bordered(self.differences.rows(chosen), self.columns)


def _inverse(schur: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """S^-1, without the directions in which S is negligible beside `scale`, what it could be at most."""
    root = np.sqrt(np.where(scale > 0.0, scale, 1.0))
    told, directions = np.linalg.eigh(schur / np.outer(root, root))
    kept = told > NEGLIGIBLE
    directions = directions[:, kept] / root[:, None]
    return directions / told[kept] @ directions.T


@njit(nogil=True, cache=True)
def _pull(first, second, weight, columns):
    """A'PA columns, (p, q)."""
    pull = np.zeros_like(columns)
    for e in range(first.size):
        i, j, w = first[e], second[e], weight[e]
        if w > 0.0:
            for t in range(columns.shape[1]):
                along = w * (columns[j, t] - columns[i, t])
                pull[j, t] += along
                pull[i, t] -= along
    return pull


@njit(nogil=True, cache=True)
def _seen(first, second, weight, observed, columns):
    """What the rows see of columns C of the unknowns: C'A'PA C, (q, q), and C'A'P y, (q, 2)."""
    width = columns.shape[1]
    squares, agreed = np.zeros((width, width)), np.zeros((width, 2))
    along = np.empty(width)
    for e in range(first.size):
        if weight[e] > 0.0:
            for t in range(width):
                along[t] = columns[second[e], t] - columns[first[e], t]
            for t in range(width):
                pull = weight[e] * along[t]
                agreed[t, 0] += pull * observed[e, 0]
                agreed[t, 1] += pull * observed[e, 1]
                for s in range(width):
                    squares[t, s] += pull * along[s]
    return squares, agreed
