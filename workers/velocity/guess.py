"""The initial guess X0: a smooth daily velocity whose acceleration the inversion follows (2.2.2).

A pixel's guess is made from its own pairs; the mean over its 3 x 3 neighbourhood is taken of finished
guesses, so that a block needs a halo of one pixel and the result does not depend on the cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.velocity.informative import informative
from workers.velocity.network import YEAR
from workers.velocity.selection import SelectedPairs
from workers.velocity.smoothing import SMOOTHERS

STEADY_BASELINE = 60
"""Days: up to here a pair's weight in the guess grows with its baseline; longer pairs may decorrelate"""
AROUND = 5
"""Days before and after a day whose pairs tell its velocity"""


@dataclass(frozen=True, slots=True, eq=False)
class DailyGuess:
    """Velocity of each day `first_day + k`, from its midnight to the next."""

    first_day: int
    """Days since 1970-01-01: the pixel's first date"""
    velocity: np.ndarray
    """(days, 2) float64, m/yr along x and y, up to the pixel's last date"""

    def positions(self, days: np.ndarray) -> np.ndarray:
        """Positions at increasing dates within the guess, (p, 2) metres, zero at the first of them."""
        return _positions(self.velocity, days - self.first_day)


def daily_guess(selected: SelectedPairs, smoother: str = "savgol") -> DailyGuess | None:
    """The guess of one pixel from its first to its last date; None without pairs.

    Velocities of pairs with a baseline below 180 days stand at the pairs' midpoints. Longer pairs, below 400
    days, then below 800, then all, join where they hold no midpoint of a shorter pair between their dates:
    annual pairs alone make a guess too (section 4.6), yet none outweighs shorter ones nearby. A pair whose
    displacement departs from the local median velocity by more than 4.685 scales stays out: one blunder of a
    short pair (60 m in 5 days, 4 400 m/yr) would bend the guess for three months. At least half of the pairs
    are kept. A day has the mean of the pairs with a midpoint within five days of its noon, weighted by
    min(baseline, 60 days): all pairs err by about as many metres, so that short ones err most in velocity,
    but those beyond 60 days may have decorrelated and gain no more weight for their length. (The mean of
    each midpoint alone, unweighted: RMSE up to 50 % higher on synthetic truth, no better on real pairs.)
    Then linear interpolation between days, and a smoother over 91 days (less on a shorter record).

    Args:
        selected: the pixel's pairs.
        smoother: one of `SMOOTHERS`.
    """
    if not len(selected):
        return None
    first, last = int(selected.day1[0]), int(selected.day2.max())
    pairs, kept = informative(selected, last)
    return DailyGuess(first, SMOOTHERS[smoother](_daily(pairs, kept, last - first)))


@njit(nogil=True, cache=True)
def _positions(velocity, days):
    """Running sums of daily velocities at some days, in order, from the first of them on."""
    positions = np.empty((days.size, 2))
    x, y, k = 0.0, 0.0, 0
    for day in range(days[0], days[-1] + 1):
        while k < days.size and days[k] == day:
            positions[k, 0], positions[k, 1] = x, y
            k += 1
        if day < len(velocity):
            x += velocity[day, 0] / YEAR
            y += velocity[day, 1] / YEAR
    return positions


@njit(nogil=True, cache=True)
def _daily(pairs, kept, days):
    """Weighted means of the kept pairs around the middle of each day, linear between days: (days, 2)."""
    place, baseline, x, y = pairs
    # Running sums over the places: of the pairs, of their weights, and of their weighted velocities.
    counted = np.zeros(2 * days + 2, np.int64)
    sums = np.zeros((2 * days + 2, 3))
    for k in range(place.size):
        if kept[k]:
            after = np.uint64(place[k] + 1)
            weight = min(baseline[k], float(STEADY_BASELINE))
            counted[after] += 1
            sums[after, 0] += weight
            sums[after, 1] += weight * x[k]
            sums[after, 2] += weight * y[k]
    for after in range(1, counted.size):
        counted[after] += counted[after - 1]
        for part in range(3):
            sums[after, part] += sums[after - 1, part]
    daily = np.empty((days, 2))
    last = -1
    for day in range(days):
        begin = max(0, 2 * (day - AROUND) + 1)
        end = min(counted.size - 1, 2 * (day + AROUND) + 2)
        if counted[end] == counted[begin]:
            continue
        weight = sums[end, 0] - sums[begin, 0]
        daily[day, 0] = (sums[end, 1] - sums[begin, 1]) / weight
        daily[day, 1] = (sums[end, 2] - sums[begin, 2]) / weight
        for between in range(last + 1, day):
            for part in range(2):
                if last < 0:
                    daily[between, part] = daily[day, part]
                else:
                    share = (between - last) / (day - last)
                    daily[between, part] = share * daily[day, part] + (1.0 - share) * daily[last, part]
        last = day
    daily[last + 1 :] = daily[last]
    return daily


def mean_guess(guesses: Sequence[DailyGuess | None]) -> DailyGuess | None:
    """The mean of a 3 x 3 neighbourhood, day by day, of those that have a guess for the day.

    Args:
        guesses: nine, row by row from the north-west; None where a pixel has no pairs or does not exist.

    Returns:
        The guess of the centre (element 4) over the centre's days; None if the centre has none.
    """
    centre = guesses[4]
    if centre is None:
        return None
    size = len(centre.velocity)
    total, count = np.zeros((size, 2)), np.zeros((size, 2))
    for guess in guesses:
        if guess is None:
            continue
        shift = guess.first_day - centre.first_day
        start, end = max(0, shift), min(size, shift + len(guess.velocity))
        if start < end:
            total[start:end] += guess.velocity[start - shift : end - shift]
            count[start:end] += 1.0
    return DailyGuess(centre.first_day, total / count)
