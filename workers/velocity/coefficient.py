"""How strong the regularisation is: as the user says, or chosen by a rule from the pairs.

No fixed coefficient serves: on synthetic truth the best runs from 10, for a swift surge with little noise, to
1 000, where images err and there are many pairs. A rule compares six candidates, with robust weights held
that one solution has found, by the pairs and the guess of single pixels: those that judge for a cell
(`cells`), or the pixel alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from workers.velocity.choices import CoefficientRule, Weights
from workers.velocity.closure import solve
from workers.velocity.components import solve_components
from workers.velocity.left_out import LeftOut
from workers.velocity.means import window_means
from workers.velocity.network import Network
from workers.velocity.prior import Prior
from workers.velocity.quality import coherence
from workers.windows import Step, Windows

CANDIDATES = (10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0)
UNDECIDED = 100.0
"""The answer where a rule cannot tell"""
REFERENCE = 30.0
"""The coefficient whose robust weights the rules use: stiffer solutions may reject the pairs of a surge, and
softer ones, which copy the errors of images, find too much of the noise to be regular"""
INDIFFERENT = 0.01
"""Candidates whose coherences lie within this cannot be told apart by it"""
COHERENCE_STEP = Step.parse("P30D")

Scores = np.ndarray
"""(6,) float64: what a rule holds of each candidate; all NaN where a pixel says nothing"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A coefficient and where it comes from."""

    coefficient: float
    curve: tuple[tuple[float, float], ...] = ()
    """Candidates and what the rule holds of each (`auto`: metres, small is good; else large); or empty"""


@dataclass(frozen=True, slots=True)
class Rule:
    """How pixels judge the candidates, and what follows."""

    scores: Callable[[Network, np.ndarray, Prior], Scores]
    """Of one pixel, with the robust weights of its pairs held"""
    best: Callable[[Scores], float]

    def decide(self, told: Iterable[Scores]) -> Choice | None:
        """What the pixels that can tell say on average; None where there is none."""
        telling = [scores for scores in told if np.isfinite(scores).any()]
        if not telling:
            return None
        mean = np.mean(telling, axis=0)
        return Choice(self.best(mean), tuple(zip(CANDIDATES, map(float, mean), strict=True)))


def scores(network: Network, q: np.ndarray, prior: Prior, rule: CoefficientRule, weights: Weights) -> Scores:
    """What a rule holds of the candidates by the pairs of a pixel.

    Args:
        network: the pairs.
        q: (m,) float64, quality of the pairs (ones for none).
        prior: what solutions are drawn to.
        rule: the name of the rule.
        weights: one for both components, or one for each.
    """
    reference = solve_components(network, q, prior, REFERENCE, weights)
    return RULES[rule].scores(network, (q * reference.psi) ** 2, prior)


def _left_out(network: Network, weight: np.ndarray, prior: Prior) -> Scores:
    """How far pairs of images that were left out are from what the others predict."""
    return LeftOut.of(network, weight).errors(prior, CANDIDATES)


def _least(scores: Scores) -> float:
    """Where the parabola through the best candidate and its neighbours is lowest, in logarithms.

    Rounded to two digits, so that who gives the number that an answer tells gets the same series. (RMSE on
    synthetic truth over that of the best of the six, mean of 54 cases: 1.007; of the candidate itself 1.037.)
    """
    best = int(np.argmin(scores))
    if best in (0, len(CANDIDATES) - 1):
        return CANDIDATES[best]
    place, score = np.log(CANDIDATES[best - 1 : best + 2]), scores[best - 1 : best + 2]
    slopes, middles = np.diff(score) / np.diff(place), (place[1:] + place[:-1]) / 2
    if slopes[0] == slopes[1]:
        return CANDIDATES[best]
    lowest = middles[0] - slopes[0] * (middles[1] - middles[0]) / (slopes[1] - slopes[0])
    return float(f"{math.exp(lowest):.1e}")


def _coherences(network: Network, weight: np.ndarray, prior: Prior) -> Scores:
    """How much the directions of the series cohere (eq. 9).

    The series is of 30-day windows over the whole record, whatever windows are asked for.
    """
    first, last = int(network.days[0]), int(network.days[-1])
    if COHERENCE_STEP.shortest_days > last - first:
        return np.full(len(CANDIDATES), np.nan)
    windows = Windows.select(COHERENCE_STEP, first, last)
    means = window_means(network.days, windows)
    solutions = (solve(network, weight, prior, candidate).positions for candidate in CANDIDATES)
    return np.array([coherence(means.velocity(positions)) for positions in solutions])


def _most_coherent(scores: Scores) -> float:
    if scores.max() - scores.min() < INDIFFERENT:
        return UNDECIDED
    return CANDIDATES[int(np.argmax(scores))]


def _curvatures(network: Network, weight: np.ndarray, prior: Prior) -> Scores:
    """Curvature of the curve of penalty against misfit, both logarithmic (Hansen 1992).

    It is that of the parabolas through three neighbours, in steps of the logarithm of the coefficient; the
    first and last candidate have none.
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
    return curvatures


def _corner(scores: Scores) -> float:
    corner = int(np.nanargmax(scores))
    return CANDIDATES[corner] if scores[corner] > 0.0 else UNDECIDED


RULES: dict[CoefficientRule, Rule] = {
    "auto": Rule(_left_out, _least),
    "vvc": Rule(_coherences, _most_coherent),
    "lcurve": Rule(_curvatures, _corner),
}
