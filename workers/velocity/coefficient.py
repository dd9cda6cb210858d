"""How strong the regularisation is: as the user says, or chosen by a rule from the pixel's own pairs.

No fixed coefficient serves: on synthetic truth the best runs from 10, for a swift surge with little noise, to
1 000, where images err and there are many pairs. A rule chooses among six candidates, with robust weights
held that one solution has found. It takes nothing but the pixel's own pairs and guess, so that a point and
the same pixel of a region have one coefficient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workers.calendar import Step, Windows
from workers.velocity.closure import solve
from workers.velocity.components import Components, solve_components
from workers.velocity.left_out import LeftOut
from workers.velocity.means import window_means
from workers.velocity.network import Network
from workers.velocity.parameters import CoefficientRule, Weights
from workers.velocity.prior import Prior
from workers.velocity.quality import coherence

CANDIDATES = (10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0)
UNDECIDED = 100.0
"""The answer where a rule cannot tell"""
REFERENCE = 30.0
"""The coefficient whose robust weights the rules use: stiffer solutions may reject the pairs of a surge, and
softer ones, which copy the errors of images, find too much of the noise to be regular"""
INDIFFERENT = 0.01
"""Candidates whose coherences lie within this cannot be told apart by it"""
COHERENCE_STEP = Step.parse("P30D")


@dataclass(frozen=True, slots=True)
class Choice:
    """A coefficient and where it comes from."""

    coefficient: float
    curve: tuple[tuple[float, float], ...] = ()
    """Candidates and what the rule holds of each (`auto`: metres, small is good; else large); or empty"""


def solve_by_rule(
    network: Network, q: np.ndarray, prior: Prior, coefficient: float | CoefficientRule, weights: Weights
) -> tuple[Components, Choice]:
    """The robust solution of a pixel with the coefficient given, or with the one that a rule chooses.

    Args:
        network: the pairs.
        q: (m,) float64, quality of the pairs (ones for none).
        prior: what the solution is drawn to.
        coefficient: a number, or the name of a rule.
        weights: one for both components, or one for each.
    """
    if not isinstance(coefficient, str):
        return solve_components(network, q, prior, coefficient, weights), Choice(coefficient)
    reference = solve_components(network, q, prior, REFERENCE, weights)
    choice = _RULES[coefficient](network, (q * reference.psi) ** 2, prior)
    if choice.coefficient == REFERENCE:
        return reference, choice
    return solve_components(network, q, prior, choice.coefficient, weights), choice


def _auto(network: Network, weight: np.ndarray, prior: Prior) -> Choice:
    """The candidate that best predicts pairs of images that were left out.

    Looked for from 100 on, uphill or downhill, as long as it gets better.
    """
    left_out = LeftOut.of(network, weight)
    errors: dict[int, float] = {}

    def error(number: int) -> float:
        if number not in errors:
            errors[number] = left_out.error(prior, CANDIDATES[number])
        return errors[number]

    best = CANDIDATES.index(UNDECIDED)
    step = 1 if error(best + 1) < error(best) else -1
    while 0 <= best + step < len(CANDIDATES) and error(best + step) < error(best):
        best += step
    return Choice(CANDIDATES[best], tuple((CANDIDATES[k], errors[k]) for k in sorted(errors)))


def _vvc(network: Network, weight: np.ndarray, prior: Prior) -> Choice:
    """The candidate whose series has the most coherent directions (eq. 9), where they differ at all.

    The series is of 30-day windows over the whole record, whatever windows are asked for.
    """
    windows = Windows.select(COHERENCE_STEP, int(network.days[0]), int(network.days[-1]))
    means = window_means(network.days, windows)
    solutions = (solve(network, weight, prior, candidate).positions for candidate in CANDIDATES)
    coherences = [coherence(means.velocity(positions)) for positions in solutions]
    if not np.isfinite(coherences).all() or max(coherences) - min(coherences) < INDIFFERENT:
        return _chosen(UNDECIDED, coherences)
    return _chosen(CANDIDATES[int(np.argmax(coherences))], coherences)


def _lcurve(network: Network, weight: np.ndarray, prior: Prior) -> Choice:
    """The candidate at the corner of the curve of penalty against misfit, both logarithmic (Hansen 1992).

    The curvature is that of the parabolas through three neighbours, in steps of the logarithm of the
    coefficient; the first and last candidate have none.
    """
    points = []
    for candidate in CANDIDATES:
        positions = solve(network, weight, prior, candidate).positions
        moved = positions[network.second] - positions[network.first]
        misfit = float((weight[:, None] * (network.displacement - moved) ** 2).sum())
        points.append((misfit, prior.roughness(network, positions)))
    curvatures = np.full(len(CANDIDATES), np.nan)
    if np.min(points) > 0.0:
        x, y = np.log(np.array(points)).T
        slope_x, slope_y = (z[2:] - z[:-2] for z in (x, y))
        bend_x, bend_y = (4.0 * (z[2:] - 2.0 * z[1:-1] + z[:-2]) for z in (x, y))
        speed = np.hypot(slope_x, slope_y)
        with np.errstate(invalid="ignore", divide="ignore"):
            curvatures[1:-1] = (slope_x * bend_y - slope_y * bend_x) / speed**3
    known = np.flatnonzero(np.isfinite(curvatures))
    corner = known[np.argmax(curvatures[known])] if known.size else -1
    if corner < 0 or curvatures[corner] <= 0.0:
        return _chosen(UNDECIDED, curvatures)
    return _chosen(CANDIDATES[corner], curvatures)


def _chosen(coefficient: float, scores: list[float] | np.ndarray) -> Choice:
    return Choice(coefficient, tuple(zip(CANDIDATES, map(float, scores), strict=True)))


_RULES: dict[CoefficientRule, Callable[[Network, np.ndarray, Prior], Choice]] = {
    "auto": _auto,
    "vvc": _vvc,
    "lcurve": _lcurve,
}
