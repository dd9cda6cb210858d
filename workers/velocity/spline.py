"""Mean velocities over regular windows of positions joined by a cubic spline, as the paper does (2.1.3).

For comparison: between dates far apart the spline overshoots where the straight line of `means` does not. It
is the natural spline, linear in the positions at the dates, so that errors follow as they do there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solveh_banded

from workers.linear.penalty import jumps
from workers.velocity.means import WindowMeans, weighted_sum, window_means
from workers.velocity.network import YEAR
from workers.windows import Windows


@dataclass(frozen=True, slots=True, eq=False)
class SplineMeans:
    """What `WindowMeans` is, for a spline: the chord of each window and how its ends bend away from it."""

    days: np.ndarray
    """(p,) int64, the spline's knots"""
    chords: WindowMeans
    """The same means of the straight path"""
    bend: np.ndarray
    """(T', 4) float64, m/yr per m/day^2: what the second derivatives at the nodes of `chords` add"""

    def __len__(self) -> int:
        return len(self.chords)

    @property
    def covered(self) -> np.ndarray:
        """(T,) bool, windows that share some time with the record."""
        return self.chords.covered

    @property
    def whole(self) -> np.ndarray:
        """(T',) bool, windows that the record covers from end to end."""
        return self.chords.whole

    @property
    def start(self) -> np.ndarray:
        """(T',) int64 days, of the covered part."""
        return self.chords.start

    @property
    def end(self) -> np.ndarray:
        """(T',) int64 days."""
        return self.chords.end

    def velocity(self, positions: np.ndarray) -> np.ndarray:
        """Mean velocities of positions (p, k) metres: (T', k) m/yr."""
        rows = jumps(self.days.astype(np.float64))
        jump = sum(rows[:, n, None] * positions[n : n + len(rows)] for n in range(3))
        second = np.zeros_like(positions)
        second[1:-1] = self._second_derivatives(jump)
        return self.chords.velocity(positions) + weighted_sum(self.bend, second, self.chords.nodes)

    def functionals(self, size: int) -> np.ndarray:
        """The same as columns: (size, T') coefficients of u_1 .. u_size (u_0 = 0 is left out)."""
        bent = np.zeros((size + 1, len(self)))
        for node, coefficient in zip(self.chords.nodes.T, self.bend.T, strict=True):
            bent[node, np.arange(len(self))] += coefficient
        second = self._second_derivatives(bent[1:-1])
        columns = np.zeros_like(bent)
        rows = jumps(self.days.astype(np.float64))
        for n in range(3):
            columns[n : n + len(rows)] += rows[:, n, None] * second
        return self.chords.functionals(size) + columns[1:]

    def _second_derivatives(self, jump: np.ndarray) -> np.ndarray:
        """(p - 2, k) at the inner knots, for jumps of slope there of the straight path; zero at the ends."""
        step = np.diff(self.days).astype(np.float64)
        own, shared = (step[:-1] + step[1:]) / 3.0, step[1:-1] / 6.0
        if len(jump) < 2:
            return jump / own[:, None]
        return solveh_banded(np.stack([np.append(0.0, shared), own]), jump)


def spline_means(days: np.ndarray, windows: Windows) -> SplineMeans:
    """The functionals of windows on the record that runs from `days[0]` to `days[-1]`; days: (p,) int64."""
    chords = window_means(days, windows)
    bend = np.empty(chords.coefficients.shape)
    for left, moment, sign in ((0, chords.start, -1.0), (2, chords.end, 1.0)):
        node = chords.nodes[:, left]
        step = (days[node + 1] - days[node]).astype(np.float64)
        later = (moment - days[node]) / step
        rate = sign * YEAR / (chords.end - chords.start) * step**2 / 6.0
        for n, share in ((left, 1.0 - later), (left + 1, later)):
            bend[:, n] = rate * (share**3 - share)
    return SplineMeans(days, chords, bend)


MEANS = {"linear": window_means, "spline": spline_means}
"""By `interpolation`"""
