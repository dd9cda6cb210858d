"""The pairs that a pixel's guess is made from: short ones, longer ones where these are missing, no blunders.

Pairs stand in the order of their places. A place is twice a midpoint, counted in half days from the first
date, so that it is whole.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from workers.linear.robust import TUKEY, bracket, median, median_between, radial_scale
from workers.velocity.network import YEAR
from workers.velocity.selection import SelectedPairs
from workers.velocity.smoothing import SMOOTHING_DAYS

SHORT_BASELINE = 180
"""Days: pairs below this show the velocity of their midpoint, and seldom decorrelate"""
LIMITS = (SHORT_BASELINE, 400, 800)
"""Days: a year and some, two years and some: further limits where shorter pairs are missing"""
MEDIAN_STEP = 30
"""Days between the local medians that blunders are told by"""
FEW = 64
"""Pairs below which their median is not sought between bounds, and the sample that sets these at first"""
WIDE = 0.15
"""Of that sample on either side of its middle"""
SMALLEST_SCALE = 0.05
"""Metres: displacements are not trusted to agree better, here and in the closure"""

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of each pair its place (int64), baseline in days, vx and vy in m/yr (float64)"""


def informative(selected: SelectedPairs, last: int) -> tuple[Pairs, np.ndarray]:
    """The pairs that tell of the velocity around their midpoints, and which of them are no blunders.

    Args:
        selected: the pixel's pairs, one or more.
        last: the day of the pixel's last date.

    Returns:
        The pairs, (k,) each, and (k,) bool: whether a displacement is within 4.685 scales of the one that
        the local median velocity would give. At least half of the pairs are.
    """
    pairs, offsets = _informative(
        selected.day1,
        selected.day2,
        selected.vx,
        selected.vy,
        int(selected.day1[0]),
        last,
        np.array(LIMITS),
    )
    squares = _departures(pairs, _local_medians(pairs, offsets))
    largest = (TUKEY * max(radial_scale(squares), SMALLEST_SCALE)) ** 2
    return pairs, squares <= largest


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
