"""The initial guess X0: a smooth daily velocity whose acceleration the inversion follows (2.2.2).

A pixel's guess is made from its own pairs; the mean over its 3 x 3 neighbourhood is taken of finished
guesses, so that a block needs a halo of one pixel and the result does not depend on the cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.linear.robust import TUKEY, median, radial_scale
from workers.velocity.network import YEAR
from workers.velocity.selection import SelectedPairs
from workers.velocity.smoothing import SMOOTHERS, SMOOTHING_DAYS

SHORT_BASELINE = 180
"""Days: pairs below this show the velocity of their midpoint, and seldom decorrelate"""
LIMITS = (SHORT_BASELINE, 400, 800)
"""Days: a year and some, two years and some: further limits where shorter pairs are missing"""
STEADY_BASELINE = 60
"""Days: up to here a pair's weight in the guess grows with its baseline; longer pairs may decorrelate"""
AROUND = 5
"""Days before and after a day whose pairs tell its velocity"""
MEDIAN_STEP = 30
"""Days between the local medians that blunders are told by"""
SMALLEST_SCALE = 0.05
"""Metres: displacements are not trusted to agree better, here and in the closure"""


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
    rows, place, offsets = _informative(selected.day1, selected.day2, first, last, np.array(LIMITS))
    medians = _local_medians(rows, offsets, selected.vx, selected.vy)
    squares = _departures(rows, place, selected.day1, selected.day2, selected.vx, selected.vy, medians)
    largest = (TUKEY * max(radial_scale(squares), SMALLEST_SCALE)) ** 2
    kept = squares <= largest
    daily = _daily(rows, place, kept, selected.day1, selected.day2, selected.vx, selected.vy, last - first)
    return DailyGuess(first, SMOOTHERS[smoother](daily))


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
def _informative(day1, day2, first, last, limits):
    """Short pairs, and longer ones that hold no midpoint of a shorter pair between their dates.

    Returns their rows and places (twice the midpoint, from the first date), by place, and where the rows of
    each place begin.
    """
    places = 2 * (last - first) + 1
    limit = np.empty(day1.size, np.int64)
    pairs = np.zeros(places + 1, np.int64)
    for e in range(day1.size):
        limit[e] = 0
        while limit[e] < limits.size and day2[e] - day1[e] >= limits[limit[e]]:
            limit[e] += 1
        if limit[e] == 0:
            pairs[day1[e] + day2[e] - 2 * first] += 1
    chosen = limit == 0
    before = np.zeros(places + 1, np.int64)
    for longer in range(1, limit.max() + 1):
        before[1:] = np.cumsum(pairs[:-1])
        for e in range(day1.size):
            if limit[e] == longer:
                held = before[2 * (day2[e] - first) + 1] - before[2 * (day1[e] - first)]
                if held == 0:
                    chosen[e] = True
                    pairs[day1[e] + day2[e] - 2 * first] += 1
    before[1:] = np.cumsum(pairs[:-1])
    offsets, end = before.copy(), before
    rows, place = np.empty(offsets[-1], np.int64), np.empty(offsets[-1], np.int64)
    for e in range(day1.size):
        if chosen[e]:
            middle = day1[e] + day2[e] - 2 * first
            rows[end[middle]], place[end[middle]] = e, middle
            end[middle] += 1
    return rows, place, offsets


@njit(nogil=True, cache=True)
def _local_medians(rows, offsets, vx, vy):
    """Median velocities, every 30 days, of the rows with a place within 45 days of the middle of the step."""
    step, half, last = 2 * MEDIAN_STEP, SMOOTHING_DAYS - 1, offsets.size - 2
    medians = np.zeros((last // step + 1, 2))
    x, y = vx[rows], vy[rows]
    for k in range(medians.shape[0]):
        middle = k * step + step // 2
        begin, end = offsets[max(0, middle - half)], offsets[min(last, middle + half) + 1]
        if end > begin:
            medians[k, 0] = median(x[begin:end])
            medians[k, 1] = median(y[begin:end])
    return medians


@njit(nogil=True, cache=True)
def _departures(rows, place, day1, day2, vx, vy, medians):
    """Squared distance of each row's displacement from the one that the local median velocity would give."""
    squares = np.empty(rows.size)
    for k in range(rows.size):
        row, near = rows[k], medians[place[k] // (2 * MEDIAN_STEP)]
        years = (day2[row] - day1[row]) / YEAR
        squares[k] = ((vx[row] - near[0]) * years) ** 2 + ((vy[row] - near[1]) * years) ** 2
    return squares


@njit(nogil=True, cache=True)
def _daily(rows, place, kept, day1, day2, vx, vy, days):
    """Weighted means of the kept rows around the middle of each day, linear between days: (days, 2)."""
    # Running sums over the places: of the rows, of their weights, and of their weighted velocities.
    pairs = np.zeros(2 * days + 2, np.int64)
    sums = np.zeros((2 * days + 2, 3))
    for k in range(rows.size):
        if kept[k]:
            row, after = rows[k], place[k] + 1
            weight = float(min(day2[row] - day1[row], STEADY_BASELINE))
            pairs[after] += 1
            sums[after, 0] += weight
            sums[after, 1] += weight * vx[row]
            sums[after, 2] += weight * vy[row]
    for after in range(1, pairs.size):
        pairs[after] += pairs[after - 1]
        sums[after] += sums[after - 1]
    daily = np.empty((days, 2))
    last = -1
    for day in range(days):
        begin = max(0, 2 * (day - AROUND) + 1)
        end = min(pairs.size - 1, 2 * (day + AROUND) + 2)
        if pairs[end] == pairs[begin]:
            continue
        weight = sums[end, 0] - sums[begin, 0]
        daily[day, 0] = (sums[end, 1] - sums[begin, 1]) / weight
        daily[day, 1] = (sums[end, 2] - sums[begin, 2]) / weight
        for between in range(last + 1, day):
            if last < 0:
                daily[between] = daily[day]
            else:
                share = (between - last) / (day - last)
                daily[between] = share * daily[day] + (1.0 - share) * daily[last]
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
