"""What a solution is drawn to where the pairs leave it free: the regularisations of eq. 3 and eq. C1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.linear.bordered import Bordered
from workers.linear.differences import Differences, residuals
from workers.linear.penalty import accelerations, jumps, penalty_band
from workers.velocity.choices import Penalty
from workers.velocity.network import Network

ANNUAL = 365.25
"""Days"""
PERIODS = (ANNUAL, ANNUAL / 2)
"""Days: the cycles of `regularization=model`"""
ROWS: dict[Penalty, Callable[[np.ndarray], np.ndarray]] = {"jumps": jumps, "acceleration": accelerations}


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Positions whose changes of velocity the solution should have: u0 = target + columns a, with a free."""

    target: np.ndarray
    """(p, 2) float64, metres at the dates of the network; zeros for steady motion"""
    columns: np.ndarray | None = None
    """(p, q) float64, positions at the dates that any multiple of may be added to the target"""
    penalty: Penalty = "jumps"
    """What of the velocity is drawn to that of u0: its jumps from interval to interval (eq. 3), or these over
    the root of the days between the middles of the intervals"""

    def system(self, network: Network, coefficient: float) -> Differences | Bordered:
        """The least squares whose unknowns are the departures of the positions from the target.

        With d = u - u0 the cost |P^1/2 (A d - (y - A u0))|^2 + c^2 |Gamma d|^2 is eq. 3, and its right-hand
        side holds no large numbers that cancel.
        """
        times = (network.days - network.days[0]).astype(np.float64)
        penalty = penalty_band(ROWS[self.penalty](times), coefficient**2, times.size - 1)
        misfit = residuals(network.first, network.second, network.displacement, self.target)
        differences = Differences(network.first, network.second, misfit, times, penalty)
        if self.columns is None or not self.columns.size:
            return differences
        return Bordered(differences, self.columns)

    def roughness(self, network: Network, positions: np.ndarray) -> float:
        """|Gamma (u - u0)|^2 of positions (p, 2), with the amplitudes that make it least."""
        times = (network.days - network.days[0]).astype(np.float64)
        bent = _bent(ROWS[self.penalty](times), positions - self.target)
        if self.columns is not None and self.columns.size:
            columns = _bent(ROWS[self.penalty](times), self.columns)
            bent = bent - columns @ np.linalg.lstsq(columns, bent, rcond=None)[0]
        return float((bent**2).sum())


def _bent(rows: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Rows of Gamma applied to positions: (p - 2, k)."""
    size = len(rows)
    return sum(rows[:, [part]] * positions[part : part + size] for part in range(3))


def harmonics(days: np.ndarray, periods: tuple[float, ...] = PERIODS) -> np.ndarray:
    """Positions of velocities that swing about none with given periods, zero at the first date.

    The dictionary of eq. C1 but for its offset, which the penalty leaves free in any case. A period longer
    than the record is left out: it could not be told from a trend.

    Args:
        days: (p,) int64, increasing.
        periods: days.

    Returns:
        (p, 2 x periods that fit) float64: sine and cosine, of amplitude 1.
    """
    elapsed = (days - days[0]).astype(np.float64)
    phases = [2.0 * np.pi * elapsed / period for period in periods if period <= elapsed[-1]]
    columns = [part for phase in phases for part in (np.sin(phase), 1.0 - np.cos(phase))]
    return np.stack(columns, axis=1) if columns else np.empty((days.size, 0))
