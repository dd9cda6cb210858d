"""Temporal closure of one pixel: positions at its dates, robust against bad and decorrelated pairs.

Source: Charrier et al. 2025, sections 2.1.2 and 2.2.1, with these choices:

* The unknowns are positions u (`linear.differences`), solved for as departures from a target (`prior`).
* The row factor is w = q psi and P = w^2, alike in the normal matrix, the right-hand side and the covariance.
* One psi a pair, from the radial residual of both components: the result does not depend on the axes, and
  one factor serves both components. For comparison with the paper each can have weights of its own
  (`components`).
* What is trusted is as short as the record allows, down to 60 days instead of always 180, and the scale of
  residuals is taken from it in every iteration, not only in the first: pairs that decorrelate cannot take
  over even as a majority (70 % of those beyond 60 days, RMSE of 5 000 pairs: 22 m/yr, with 180 days 83).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.linear.bordered import Bordered, BorderedNormal
from workers.linear.differences import Differences, Normal
from workers.linear.robust import biweight, radial_scale
from workers.velocity.guess import SMALLEST_SCALE
from workers.velocity.network import YEAR, Network
from workers.velocity.prior import Prior
from workers.velocity.trust import Reach, reference, trusted_baseline

MOST_ITERATIONS = 10
CONVERGED = 1.0
"""m/yr, root mean square change of the 30-day velocity between iterations"""
CHECK_DAYS = 30
FEWEST_JUDGES = 10
"""With fewer trusted pairs than this, their residuals say nothing of the scale"""
QUALITY_RANGE = (0.1, 10.0)


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """The solution of eq. 3 for one set of weights."""

    positions: np.ndarray
    """(p, 2) float64, metres along x and y, zero at the first date"""
    weight: np.ndarray
    """(m,) float64, diagonal of P"""
    normal: Normal | BorderedNormal
    """N = A'PA + c^2 Gamma'Gamma, without the fixed first date; with the amplitudes of columns eliminated"""


@dataclass(frozen=True, slots=True, eq=False)
class RobustClosure:
    """The solution that the robust iteration ends with."""

    closure: Closure
    psi: np.ndarray
    """(m,) float64, the robust weights that the solution was made with"""
    doubtful: np.ndarray
    """(p - 1,) bool, intervals that only long pairs span: nothing can tell whether these decorrelated"""
    iterations: int
    converged: bool


def solve(network: Network, weight: np.ndarray, prior: Prior, coefficient: float) -> Closure:
    """Minimise (Au - y)'P(Au - y) + c^2 |Gamma (u - u0)|^2 (eq. 3), exactly.

    Args:
        network: the pairs; at least one must have a positive weight.
        weight: (m,) float64, diagonal of P; rows with 0 play no part.
        prior: u0 and Gamma.
        coefficient: c.
    """
    return _solve(prior.system(network, coefficient), weight, prior.target)


def _solve(departures: Differences | Bordered, weight: np.ndarray, target: np.ndarray) -> Closure:
    departure, normal = departures.solve(weight)
    return Closure(target + departure, weight, normal)


def stated_quality(network: Network) -> np.ndarray:
    """(m,) q: median stated error over the pair's own, in metres, within 0.1 .. 10; ones if none is stated.

    A pair's error is the root mean square of its two components', so that one q serves both.
    """
    error = np.sqrt((network.error**2).mean(axis=1))
    if not np.isfinite(error).all():
        return np.ones(error.size)
    return np.clip(np.median(error) / error, *QUALITY_RANGE)


def robust_solve(
    network: Network, q: np.ndarray, prior: Prior, coefficient: float, components: int = 2
) -> RobustClosure:
    """Solve with the pairs that are trusted, then iterate with all, each judged by its residual (2.2.1).

    The trusted pairs make the first solution, all alike; where they leave an interval unspanned, longer ones
    help out (`trust`). The residuals of all pairs against it give the first robust weights (eq. 4-7).
    The scale comes from the trusted pairs, or from all of the first solution where they are fewer than ten.
    It ends when the 30-day velocity has changed by less than 1 m/yr, or after ten iterations.

    Args:
        network: the pairs.
        q: (m,) float64, quality of the pairs (ones for none).
        prior: what the solution is drawn to.
        coefficient: c.
        components: how many of the two vary; residuals are judged by the scale of that many.
    """
    reach = Reach.of(network)
    limit = trusted_baseline(network, reach)
    first = reference(network, reach, limit)
    trusted = network.baseline < limit
    judges = np.flatnonzero(trusted if np.count_nonzero(trusted) >= FEWEST_JUDGES else first)
    departures, target = prior.system(network, coefficient), prior.target

    def judged(positions: np.ndarray) -> np.ndarray:
        squares = departures.squared_residuals(positions - target)
        return biweight(squares, max(radial_scale(squares[judges], components), SMALLEST_SCALE))

    # Unweighted: weights by residuals against the guess would reject the pairs of a surge that it smooths.
    closure = _solve(departures, np.where(first, q * q, 0.0), target)
    psi, iterations, converged = np.ones(len(network)), 0, False
    while not converged and iterations < MOST_ITERATIONS:
        iterations += 1
        psi, before = judged(closure.positions), closure.positions
        closure = _solve(departures, (q * psi) ** 2, target)
        converged = _velocity_change(network.days, before, closure.positions) < CONVERGED
    doubtful = network.spanned(psi > 0) & reach.only_long
    return RobustClosure(closure, psi, doubtful, iterations, converged)


@njit(nogil=True, cache=True)
def _velocity_change(days, before, after):
    """Root mean square change of the velocity over 30 days, from the first date on, m/yr."""
    windows = -(-(days[-1] - days[0]) // CHECK_DAYS)
    total, k = 0.0, 0
    x, y = 0.0, 0.0
    for window in range(1, windows + 1):
        at = min(days[0] + window * CHECK_DAYS, days[-1])
        while days[k + 1] < at:
            k += 1
        share = (at - days[k]) / (days[k + 1] - days[k])
        new_x = (1.0 - share) * (after[k, 0] - before[k, 0]) + share * (after[k + 1, 0] - before[k + 1, 0])
        new_y = (1.0 - share) * (after[k, 1] - before[k, 1]) + share * (after[k + 1, 1] - before[k + 1, 1])
        total += (new_x - x) ** 2 + (new_y - y) ** 2
        x, y = new_x, new_y
    return np.sqrt(total / windows) * (YEAR / CHECK_DAYS)
