"""The initial guess of a pixel with pairs of several data sets."""

from __future__ import annotations

import numpy as np

from workers.velocity.datasets import on_one_footing
from workers.velocity.guess import DailyGuess, daily_guess
from workers.velocity.informative import SHORT_BASELINE
from workers.velocity.network import network_of
from workers.velocity.selection import SelectedPairs
from workers.velocity.smoothing import SMOOTHING_DAYS

UNSEEN = 1e-3
"""Pairs a day that each set is taken to have everywhere: far from any pair all interpolate alike"""


def merged_guess(selected: SelectedPairs, smoother: str) -> DailyGuess | None:
    """The guess of a pixel of several data sets; where there is one, `daily_guess`.

    Each set makes a guess of its own. Their mean of a day is weighted with the squared quality of the sets,
    told by the departures from the guess of all pairs alike, and with the pairs that a set has around it: a
    noisy set fills the gaps of a better one and hardly troubles it elsewhere. Made from all pairs alike, the
    guess let a set with six times the noise raise the error of the series from 8 to 12 m/yr.

    Args:
        selected: the pixel's pairs.
        smoother: as `daily_guess` takes it.
    """
    common = daily_guess(selected, smoother)
    if common is None or not selected.dataset.any():
        return common
    quality = on_one_footing(network_of(selected), selected.dataset, common).quality
    total, weight = np.zeros_like(common.velocity), np.zeros((len(common.velocity), 1))
    for code in np.unique(selected.dataset):
        mine = np.flatnonzero(selected.dataset == code)
        part = selected.part(mine)
        guess = daily_guess(part, smoother)
        start = guess.first_day - common.first_day
        days = slice(start, start + len(guess.velocity))
        share = quality[mine[0]] ** 2 * (_pairs_around(part, guess) + UNSEEN)[:, None]
        total[days] += share * guess.velocity
        weight[days] += share
    # A day between the records of all sets has but the line that joins them.
    velocity = np.divide(total, weight, out=common.velocity.copy(), where=weight > 0)
    return DailyGuess(common.first_day, velocity)


def _pairs_around(selected: SelectedPairs, guess: DailyGuess) -> np.ndarray:
    """(days,) midpoints of short pairs a day, averaged twice over 91 days, so that weights change gently."""
    days = len(guess.velocity)
    short = selected.day2 - selected.day1 < SHORT_BASELINE
    middle = (selected.day1[short].astype(np.int64) + selected.day2[short]) // 2 - guess.first_day
    window = min(SMOOTHING_DAYS, days)
    # Sums of whole numbers: exact, in whatever order a library adds them.
    pairs = np.bincount(middle, minlength=days).astype(np.float64)
    for _ in range(2):
        pairs = np.convolve(pairs, np.ones(window), "same")
    return pairs / window**2
