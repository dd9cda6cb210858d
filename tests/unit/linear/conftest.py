"""A random network, and its least-squares system written out in full."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from workers.linear.differences import Differences
from workers.linear.penalty import jumps, penalty_band


@dataclass
class FullSystem:
    """A'PA + R and its parts, without the fixed first unknown."""

    system: Differences
    rows: np.ndarray
    """(m, p - 1), A"""
    gamma: np.ndarray
    """(p - 2, p - 1), c Gamma"""

    def least_squares(self, weight: np.ndarray) -> np.ndarray:
        """u_1 .. u_{p-1} by orthogonal factorisation."""
        stacked = np.vstack([np.sqrt(weight)[:, None] * self.rows, self.gamma])
        right = np.vstack([np.sqrt(weight)[:, None] * self.system.observed, np.zeros((len(self.gamma), 2))])
        q, r = np.linalg.qr(stacked)
        return np.linalg.solve(r, q.T @ right)

    def normal(self, weight: np.ndarray) -> np.ndarray:
        """N."""
        return self.rows.T @ (weight[:, None] * self.rows) + self.gamma.T @ self.gamma


@pytest.fixture
def full_system():
    """Make one: `full_system(dates, rows, coefficient, seed=0, longest=40)`."""

    def make(dates: int, rows: int, coefficient: float, seed: int = 0, longest: int = 40) -> FullSystem:
        rng = np.random.default_rng(seed)
        times = np.concatenate([[0.0], np.cumsum(rng.integers(1, 20, dates - 1))])
        first = rng.integers(0, dates - 1, rows).astype(np.int32)
        second = np.minimum(first + rng.integers(1, longest, rows), dates - 1).astype(np.int32)
        order = np.lexsort((second, first))
        first, second = first[order], second[order]
        observed = (times[second] - times[first])[:, None] * [2.0, -1.0] + rng.normal(0, 4, (rows, 2))
        gamma = np.zeros((dates - 2, dates))
        for k, row in enumerate(jumps(times)):
            gamma[k, k : k + 3] = coefficient * row
        matrix = np.zeros((rows, dates))
        matrix[np.arange(rows), first] = -1.0
        matrix[np.arange(rows), second] = 1.0
        penalty = penalty_band(jumps(times), coefficient**2, dates - 1)
        return FullSystem(Differences(first, second, observed, times, penalty), matrix[:, 1:], gamma[:, 1:])

    return make
