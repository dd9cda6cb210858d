"""Several data sets in one inversion: on one footing before it, compared after it (5.1).

Processing chains differ in the noise of their pairs and in how honest their stated errors are. Both are told
by the departures of short pairs from the guess, which all sets share.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workers.linear.differences import residuals
from workers.linear.robust import NORMAL_MAD, radial_scale
from workers.velocity.closure import QUALITY_RANGE
from workers.velocity.guess import DailyGuess
from workers.velocity.informative import SHORT_BASELINE, SMALLEST_SCALE
from workers.velocity.network import YEAR, Network
from workers.velocity.series import DatasetShare

FEWEST = 10
"""With fewer pairs than this, their departures say nothing of a set: it is taken as good as the best"""
FEWEST_COMPARED = 3
MEDIAN_ERROR = 1.2533
"""Standard error of a median over that of a mean, for normal errors"""


def dataset_quality(network: Network) -> np.ndarray:
    """(m,) float64, `Network.quality`, or ones where there is one data set."""
    return np.ones(len(network)) if network.quality is None else network.quality


def on_one_footing(network: Network, dataset: np.ndarray, guess: DailyGuess | None) -> Network:
    """The network with the quality of each data set, and with stated errors that mean the same in all.

    One data set, or pairs without a guess, stay what they are.

    The quality of a set is the scale of the best set's departures (metres) over its own, within 0.1 .. 1.
    Its errors are multiplied with the scale of its departures in units of them, over the smallest such scale:
    the most honest set's errors stay as stated.

    Args:
        network: the pairs.
        dataset: (m,) uint8, the set of each pair.
        guess: the mean guess of the pixel's neighbourhood.
    """
    if guess is None or not dataset.any():
        return network
    left = residuals(network.first, network.second, network.displacement, guess.positions(network.days))
    metres = (left**2).sum(axis=1)
    stated = ((left / network.error) ** 2).sum(axis=1)
    short = network.baseline < SHORT_BASELINE
    noise, dishonesty = {}, {}
    for code in np.unique(dataset):
        mine = dataset == code
        judged = mine & short if np.count_nonzero(mine & short) >= FEWEST else mine
        if np.count_nonzero(judged) >= FEWEST:
            noise[code] = max(radial_scale(metres[judged]), SMALLEST_SCALE)
            if np.isfinite(stated[judged]).all():
                dishonesty[code] = radial_scale(stated[judged])
    quality, error = np.ones(len(network)), network.error.copy()
    for code, scale in noise.items():
        quality[dataset == code] = max(min(noise.values()) / scale, QUALITY_RANGE[0])
    for code, scale in dishonesty.items():
        error[dataset == code] *= _over(scale, min(dishonesty.values()))
    return replace(network, error=error, quality=quality)


def _over(scale: float, smallest: float) -> float:
    """A ratio of scales; 1 where the smallest is zero, as for pairs without any noise."""
    return scale / smallest if smallest > 0 else 1.0


def shares(
    network: Network, dataset: np.ndarray, stated: np.ndarray, left: np.ndarray
) -> tuple[DatasetShare, ...]:
    """What each data set gave to a solution, and by how much its pairs are faster than those of the first.

    The bias of a set is the steady velocity that its residuals have left; told as the difference from that of
    the first set, it is free of what the solution itself gets wrong, and rather too small, since the solution
    follows each set a little at the dates that are its alone. Robust weights play no part: they take
    off the long pairs of a biased set, which show the bias best. Where the ice stands still, the bias of each
    set is an error of its own.

    Args:
        network: the pairs, on one footing.
        dataset: (m,) uint8, the set of each pair.
        stated: (m, 2) metres, their errors as they were before that.
        left: (m, 2) metres, residuals against the solution.
    """
    codes, quality = np.unique(dataset), dataset_quality(network)
    steady = {code: _steady(left[dataset == code], network.baseline[dataset == code]) for code in codes}
    first, first_error = steady[codes[0]]
    made = []
    for code in codes:
        mine = np.flatnonzero(dataset == code)
        bias, error = steady[code]
        difference = bias - first if code != codes[0] else np.full(2, np.nan)
        made.append(
            DatasetShare(
                dataset=int(code),
                used=mine.size,
                quality=float(quality[mine[0]]),
                error_scale=float(network.error[mine[0], 0] / stated[mine[0], 0]),
                bias=(float(difference[0]), float(difference[1])),
                bias_error=tuple(np.hypot(error, first_error).tolist()),
            )
        )
    return tuple(made)


def _steady(left: np.ndarray, baseline: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The velocity (2,) m/yr from which residuals depart least in sum, and its 1-sigma errors.

    The smallest sum of absolute departures is at the median of the velocities, weighted with the baselines.
    """
    if len(left) < FEWEST_COMPARED:
        return np.full(2, np.nan), np.full(2, np.nan)
    years = baseline / YEAR
    velocity = np.empty(2)
    for component in range(2):
        apparent = left[:, component] / years
        order = np.argsort(apparent, kind="stable")
        sums = np.cumsum(years[order])
        velocity[component] = apparent[order[np.searchsorted(sums, sums[-1] / 2)]]
    departures = np.abs(left - np.outer(years, velocity))
    spread = NORMAL_MAD * np.median(departures, axis=0)
    return velocity, MEDIAN_ERROR * spread / np.sqrt((years**2).sum())
