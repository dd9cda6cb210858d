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
* Between two factors, weights move on by steps of the last one (`Differences.correction`). What is given is
  the exact solution of its own weights nevertheless, with a factor of these.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.linear.bordered import Bordered, BorderedNormal
from workers.linear.differences import Differences
from workers.linear.normal import Normal
from workers.linear.robust import Jury
from workers.velocity.informative import SMALLEST_SCALE
from workers.velocity.network import YEAR, Network
from workers.velocity.prior import Prior
from workers.velocity.trust import Reach, reference, trusted_baseline

MOST_ITERATIONS = 10
CONVERGED = 1.0
"""m/yr, root mean square change of the 30-day velocity that the next weights would make"""
STEPS = 2
"""Times that weights may move on by the last factor before there is a new one: with more they go astray"""
NEAR = 10.0
"""m/yr, change of the 30-day velocity below which they may"""
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
    spanned: np.ndarray
    """(p - 1,) bool, intervals between successive dates that a pair with a weight spans"""
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
    departure, normal = prior.system(network, coefficient).solve(weight)
    return Closure(prior.target + departure, weight, normal)


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
    Residuals of a data set that is noisier than the best count as that much less (`datasets`).
    It ends when the next weights would change the 30-day velocity by less than 1 m/yr, as far as the last
    factor tells, or after ten iterations.

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
    system = prior.system(network, coefficient)
    judges = trusted if np.count_nonzero(trusted) >= FEWEST_JUDGES else first
    precision = np.ones(len(network)) if network.quality is None else network.quality**2
    jury = Jury(judges, precision, q, components, SMALLEST_SCALE)
    # Unweighted: weights by residuals against the guess, or among these pairs, would reject those of a surge.
    start, _ = system.rows(first).solve(q[first] ** 2)
    settled = _settled(system, start, jury, network.days)
    closure = Closure(prior.target + settled.departure, settled.weight, settled.normal)
    spanned = network.spanned(settled.psi > 0)
    doubtful = spanned & reach.only_long
    return RobustClosure(closure, settled.psi, spanned, doubtful, settled.iterations, settled.converged)


@dataclass(frozen=True, slots=True, eq=False)
class _Settled:
    departure: np.ndarray
    psi: np.ndarray
    weight: np.ndarray
    normal: Normal | BorderedNormal
    iterations: int
    converged: bool


def _settled(system: Differences | Bordered, departure: np.ndarray, jury: Jury, days: np.ndarray) -> _Settled:
    """Iterate the weights of a system's rows from those that a first departure gives."""
    psi, weight = system.judged(departure, jury)
    departure, normal = system.solve(weight)
    iterations, steps, converged = 1, 0, False
    while True:
        next_psi, next_weight = system.judged(departure, jury)
        step = system.correction(normal, next_weight, departure)
        change = float(_velocity_change(days, step))
        # What fits few pairs closely makes others look worse than they are: its verdict never stands.
        converged = change < CONVERGED and iterations > 1
        if converged or iterations == MOST_ITERATIONS:
            break
        psi, weight, iterations = next_psi, next_weight, iterations + 1
        if change < NEAR and steps < STEPS:
            departure, steps = departure + step, steps + 1
        else:
            (departure, normal), steps = system.solve(weight), 0
    if steps:
        departure, normal = system.solve(weight)
    return _Settled(departure, psi, weight, normal, iterations, converged)


@njit(nogil=True, cache=True)
def _velocity_change(days, step):
    """Root mean square over 30-day windows, from the first date on, of a step's velocity, m/yr."""
    windows = -(-(days[-1] - days[0]) // CHECK_DAYS)
    total, k = 0.0, 0
    x, y = 0.0, 0.0
    for window in range(1, windows + 1):
        at = min(days[0] + window * CHECK_DAYS, days[-1])
        while days[k + 1] < at:
            k += 1
        share = (at - days[k]) / (days[k + 1] - days[k])
        new_x = (1.0 - share) * step[k, 0] + share * step[k + 1, 0]
        new_y = (1.0 - share) * step[k, 1] + share * step[k + 1, 1]
        total += (new_x - x) ** 2 + (new_y - y) ** 2
        x, y = new_x, new_y
    return np.sqrt(total / windows) * (YEAR / CHECK_DAYS)
