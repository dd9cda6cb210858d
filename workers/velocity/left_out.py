"""What a solution says of pairs of images that it has not seen: the score behind `coefficient=auto`.

A pair left out alone shares its images with pairs that stay, so that a solution which copies the errors of
images would be rewarded. Therefore images are left out: the dates are dealt to folds, the pairs with neither
date in a fold are solved for and those with both dates in it are predicted. The robust weights and the first
guess are those of all pairs, so that a solution costs one factor and all coefficients are compared on the
same pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from workers.velocity.folds import deal
from workers.velocity.network import Network
from workers.velocity.prior import Prior

FOLDS = 5
ENOUGH_PREDICTED = 1_000
"""The dates are dealt anew until about so many intervals between two dates are predicted,"""
MOST_DEALS = 5
"""but no more often than this"""
FEWEST_PREDICTED = 30
"""With fewer intervals to predict, the score says more of these than of the coefficient"""


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """The pairs of a network, those of the same two dates as one, and which of them a fold leaves out."""

    network: Network
    """n rows, each the weighted mean of the pairs of its two dates"""
    weight: np.ndarray
    """(n,) float64, the sum of their weights"""
    scatter: np.ndarray
    """(n,) float64, weighted sum of their squared distances from their mean, m^2"""
    folds: tuple[tuple[np.ndarray, np.ndarray], ...]
    """For each fold (n,) bool, the rows that are solved for, and those between their dates to predict"""

    @classmethod
    def of(cls, network: Network, weight: np.ndarray) -> LeftOut:
        """Gather the pairs with a weight; (m,) float64, diagonal of P."""
        rows, total, mean, scatter = _gathered(network.first, network.second, network.displacement, weight)
        gathered = replace(
            network,
            first=network.first[rows],
            second=network.second[rows],
            baseline=network.baseline[rows],
            displacement=mean,
            error=network.error[rows],
            quality=None,
        )
        deals = min(MOST_DEALS, -(-ENOUGH_PREDICTED * FOLDS // max(len(gathered), 1)))
        folds = (fold for number in range(deals) for fold in _folds(gathered, number))
        return cls(gathered, total, scatter, tuple(folds))

    def errors(self, prior: Prior, coefficients: Sequence[float]) -> np.ndarray:
        """Root mean square distance, metres, of the pairs left out from what the others predict.

        Returns:
            (k,) one for each coefficient; NaN where fewer than 30 intervals can be predicted.
        """
        system = prior.system(self.network, 1.0)
        squares, weights, predicted = np.zeros(len(coefficients)), 0.0, 0
        for seen, unseen in self.folds:
            solved, judged = system.rows(seen), system.rows(unseen)
            told, scatter = self.weight[unseen], self.scatter[unseen].sum()
            strengths = (coefficient**2 for coefficient in coefficients)
            for k, departure in enumerate(solved.solve_each(self.weight[seen], strengths)):
                squares[k] += (told * judged.squared_residuals(departure)).sum() + scatter
            weights += told.sum()
            predicted += told.size
        if predicted < FEWEST_PREDICTED:
            return np.full(len(coefficients), np.nan)
        return np.sqrt(squares / weights)


def _folds(network: Network, number: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    dealt = deal(network.days.size, FOLDS, number)
    first, second = dealt[network.first], dealt[network.second]
    for held in range(FOLDS):
        seen = (first != held) & (second != held)
        if not seen.any():
            continue
        inside = (network.first >= network.first[seen].min()) & (network.second <= network.second[seen].max())
        unseen = (first == held) & (second == held) & inside
        if unseen.any():
            yield seen, unseen


@njit(nogil=True, cache=True)
def _gathered(first, second, displacement, weight):
    """Of the pairs of the same two dates, side by side: a row, total weight, weighted mean and scatter."""
    rows = np.empty(first.size, np.int64)
    total, mean, scatter = np.zeros(first.size), np.empty((first.size, 2)), np.zeros(first.size)
    k = -1
    for e in range(first.size):
        w = weight[e]
        if w <= 0.0:
            continue
        if k < 0 or first[rows[k]] != first[e] or second[rows[k]] != second[e]:
            k += 1
            rows[k], mean[k, 0], mean[k, 1] = e, displacement[e, 0], displacement[e, 1]
        x, y = displacement[e, 0] - mean[k, 0], displacement[e, 1] - mean[k, 1]
        total[k] += w
        mean[k, 0] += x * w / total[k]
        mean[k, 1] += y * w / total[k]
        scatter[k] += w * (x * (displacement[e, 0] - mean[k, 0]) + y * (displacement[e, 1] - mean[k, 1]))
    size = k + 1
    return rows[:size].copy(), total[:size].copy(), mean[:size].copy(), scatter[:size].copy()
