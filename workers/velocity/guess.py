"""The initial guess X0: a smooth daily velocity whose acceleration the inversion follows (2.2.2).

A pixel's guess is made from its own pairs; the mean over its 3 x 3 neighbourhood is taken of finished
guesses, so that a block needs a halo of one pixel and the result does not depend on the cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.linear.robust import TUKEY, bracket, median, median_between, radial_scale
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
FEW = 64
"""Pairs below which their median is not sought between bounds, and the sample that sets these at first"""
WIDE = 0.15
"""Of that sample on either side of its middle"""
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
    pairs, offsets = _informative(
        selected.day1, selected.day2, selected.vx, selected.vy, first, last, np.array(LIMITS)
    )
    squares = _departures(pairs, _local_medians(pairs, offsets))
    largest = (TUKEY * max(radial_scale(squares), SMALLEST_SCALE)) ** 2
    return DailyGuess(first, SMOOTHERS[smoother](_daily(pairs, squares <= largest, last - first)))


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
def _informative(day1, day2, vx, vy, first, last, limits):
    """Short pairs, and longer ones that hold no midpoint of a shorter pair between their dates.

    Returns them by place (twice the midpoint, from the first date) as columns place, baseline, vx and vy, and
    where those of each place begin.
    """
    places = 2 * (last - first) + 1
    limit = np.empty(day1.size, np.int8)
    longest = 0
    pairs = np.zeros(places + 1, np.int64)
    for e in range(day1.size):
        number, apart = 0, day2[e] - day1[e]
        for at in limits:
            number += apart >= at
        limit[e] = number
        longest = max(longest, number)
        # Unsigned: no index needs to be asked whether it counts from the end.
        pairs[np.uint64(day1[e] + day2[e] - 2 * first)] += number == 0
    before = np.zeros(places + 1, np.int64)
    for longer in range(1, longest + 1):
        before[1:] = np.cumsum(pairs[:-1])
        for e in range(day1.size):
            if limit[e] == longer:
                held = before[2 * (day2[e] - first) + 1] - before[2 * (day1[e] - first)]
                if held == 0:
                    limit[e] = 0
                    pairs[day1[e] + day2[e] - 2 * first] += 1
    before[1:] = np.cumsum(pairs[:-1])
    offsets, end = before.copy(), before
    size = offsets[-1]
    place, baseline, x, y = np.empty(size, np.int64), np.empty(size), np.empty(size), np.empty(size)
    for e in range(day1.size):
        if limit[e] == 0:
            middle = np.uint64(day1[e] + day2[e] - 2 * first)
            at = np.uint64(end[middle])
            place[at], baseline[at], x[at], y[at] = middle, day2[e] - day1[e], vx[e], vy[e]
            end[middle] += 1
    return (place, baseline, x, y), offsets


@njit(nogil=True, cache=True)
def _local_medians(pairs, offsets):
    """Median velocities, every 30 days, of the pairs with a place within 45 days of the step's middle."""
    step, half, last = 2 * MEDIAN_STEP, SMOOTHING_DAYS - 1, offsets.size - 2
    medians = np.zeros((last // step + 1, 2))
    for component in range(2):
        values = pairs[2] if component == 0 else pairs[3]
        centre, reach = 0.0, 0.0
        for k in range(medians.shape[0]):
            middle = k * step + step // 2
            around = values[offsets[max(0, middle - half)] : offsets[min(last, middle + half) + 1]]
            if around.size < FEW:
                if around.size:
                    medians[k, component] = median(around)
                continue
            if reach == 0.0:
                least, most = bracket(around, FEW, WIDE)
                centre, reach = 0.5 * (least + most), 0.5 * (most - least)
            # The next window shares most of its pairs: its median is sought around that of this one.
            centre, near = median_between(around, centre - reach, centre + reach)
            medians[k, component] = centre
            reach *= 0.0 if near == 0 else 0.7 if near > 0.3 * around.size else 1.4
    return medians


@njit(nogil=True, cache=True)
def _departures(pairs, medians):
    """Squared distance of each pair's displacement from the one that the local median velocity would give."""
    place, baseline, x, y = pairs
    squares = np.empty(place.size)
    for k in range(place.size):
        step = np.uint64(place[k]) // np.uint64(2 * MEDIAN_STEP)
        years = baseline[k] / YEAR
        squares[k] = ((x[k] - medians[step, 0]) * years) ** 2 + ((y[k] - medians[step, 1]) * years) ** 2
    return squares


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
