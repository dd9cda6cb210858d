"""Smoothing of daily velocities over a window of 91 days: the last step of the initial guess (2.2.2, B1).

Four filters with one window. The Gaussian's standard deviation, an eighth of the window, makes it let through
as much noise as the cubic does. LOWESS differs from a weighted mean at the ends of the record, and in that
days far from the lines lose their weight.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numba import njit

from workers.linear.robust import biweight, radial_scale

SMOOTHING_DAYS = 91
"""The 90-day window of the paper, made odd"""
SMOOTHING_ORDER = 3
ROBUST_PASSES = 2
"""After the first pass of LOWESS, each with the days judged by the pass before"""
CACHED = 1024
"""Numbers that a filter works on at once, so that they stay in the nearest cache"""
TAPS = 4
"""Taps that are added up at once, so that a sum is fetched and put back but once for all of them"""


def savitzky_golay(velocity: np.ndarray) -> np.ndarray:
    """Local cubics through (days, 2); from the middles of the first and last window a line runs to the ends.

    It has the slope of the line that fits the window best. The cubics themselves swing far out there, and the
    inversion follows: RMSE of the first and last four days 129 m/yr instead of 35 (2 000 pairs over three
    years, noise of 1 m an image and 4 m a pair), and no better at the end of a record that stops in a surge.
    """
    return _correlated(velocity, _local_fit)


def gaussian(velocity: np.ndarray) -> np.ndarray:
    """Gaussian means of (days, 2); at the ends over the days that there are."""
    return _correlated(velocity, _bell)


def running_median(velocity: np.ndarray) -> np.ndarray:
    """Running medians of (days, 2), component by component; at the ends over the days that there are."""
    return _running_median(velocity, SMOOTHING_DAYS // 2)


def lowess(velocity: np.ndarray) -> np.ndarray:
    """Robust local lines with tricube weights through (days, 2), after Cleveland (1979).

    A day's robust weight, one for both components, is Tukey's biweight of its distance from the lines.
    """
    weight = np.ones(len(velocity))
    smooth = _local_lines(velocity, weight, SMOOTHING_DAYS // 2)
    for _ in range(ROBUST_PASSES):
        squares = ((velocity - smooth) ** 2).sum(axis=1)
        scale = radial_scale(squares)
        if scale <= 0.0:
            break
        weight = biweight(squares, scale)
        smooth = _local_lines(velocity, weight, SMOOTHING_DAYS // 2)
    return smooth


SMOOTHERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "savgol": savitzky_golay,
    "gaussian": gaussian,
    "median": running_median,
    "lowess": lowess,
}
"""(days, 2) to (days, 2), m/yr, by the names that a request may say"""


def _correlated(velocity: np.ndarray, filters: Callable[[int], np.ndarray]) -> np.ndarray:
    """Apply the middle row of a filter's matrix everywhere, and its first and last rows at the ends."""
    days = len(velocity)
    window = min(SMOOTHING_DAYS, days - (days + 1) % 2)
    matrix, half = filters(window), window // 2
    smooth = np.empty_like(velocity)
    smooth[: half + 1] = matrix[: half + 1] @ velocity[:window]
    smooth[-half - 1 :] = matrix[-half - 1 :] @ velocity[-window:]
    _correlate(velocity.ravel(), matrix[half], smooth[half : days - half].ravel())
    return smooth


@njit(nogil=True, cache=True)
def _correlate(values, kernel, found):
    """Moving sums of two interleaved components."""
    together = kernel.size - kernel.size % TAPS
    for begin in range(0, found.size, CACHED):
        part = found[begin : begin + CACHED]
        part[:] = 0.0
        for tap in range(0, together, TAPS):
            one, two, three, four = kernel[tap], kernel[tap + 1], kernel[tap + 2], kernel[tap + 3]
            near = values[begin + 2 * tap : begin + 2 * tap + part.size + 6]
            for k in range(part.size):
                sooner, later = one * near[k] + two * near[k + 2], three * near[k + 4] + four * near[k + 6]
                part[k] += sooner + later
        for tap in range(together, kernel.size):
            near = values[begin + 2 * tap : begin + 2 * tap + part.size]
            for k in range(part.size):
                part[k] += kernel[tap] * near[k]


@cache
def _local_fit(window: int) -> np.ndarray:
    """(window, window): values of a window to that of the cubic through them in its middle, and to the line
    through this with the slope of the best fitting line elsewhere."""
    place = np.arange(window) - window // 2.0
    basis, _ = np.linalg.qr(np.vander(place / window, min(SMOOTHING_ORDER + 1, window)))
    slope = place / max(place @ place, 1.0)
    return basis[window // 2] @ basis.T + np.outer(place, slope)


@cache
def _bell(window: int) -> np.ndarray:
    """(window, window): values of a window to their Gaussian means, none beyond half a window."""
    apart = np.abs(np.subtract.outer(np.arange(window), np.arange(window)))
    bell = np.exp(-0.5 * (apart / (SMOOTHING_DAYS / 8)) ** 2) * (apart <= window // 2)
    return bell / bell.sum(axis=1, keepdims=True)


@njit(nogil=True, cache=True)
def _running_median(velocity, half):
    days = len(velocity)
    smooth = np.empty_like(velocity)
    within = np.empty(2 * half + 1)
    for component in range(2):
        values = velocity[:, component]
        size = 0
        for day in range(-half, days):
            # The window is kept sorted: one number leaves it, one enters.
            if day - half - 1 >= 0:
                at = np.searchsorted(within[:size], values[day - half - 1])
                for k in range(at, size - 1):
                    within[k] = within[k + 1]
                size -= 1
            if day + half < days:
                new, at = values[day + half], size
                while at > 0 and within[at - 1] > new:
                    within[at] = within[at - 1]
                    at -= 1
                within[at] = new
                size += 1
            if day >= 0:
                smooth[day, component] = 0.5 * (within[(size - 1) // 2] + within[size // 2])
    return smooth


@njit(nogil=True, cache=True)
def _local_lines(velocity, weight, half):
    """Value at each day of the line that fits the days around it best."""
    days = len(velocity)
    tricube = np.empty(half + 1)
    for apart in range(half + 1):
        tricube[apart] = (1.0 - (apart / (half + 1.0)) ** 3) ** 3
    smooth = np.empty_like(velocity)
    for day in range(days):
        total, first, second = 0.0, 0.0, 0.0
        x, y, tilt_x, tilt_y = 0.0, 0.0, 0.0, 0.0
        for near in range(max(0, day - half), min(days, day + half + 1)):
            apart = near - day
            w = tricube[abs(apart)] * weight[near]
            leaning = w * apart
            total += w
            first += leaning
            second += leaning * apart
            x += w * velocity[near, 0]
            y += w * velocity[near, 1]
            tilt_x += leaning * velocity[near, 0]
            tilt_y += leaning * velocity[near, 1]
        spread = total * second - first * first
        if spread > 1e-9 * total * total:
            smooth[day, 0] = (second * x - first * tilt_x) / spread
            smooth[day, 1] = (second * y - first * tilt_y) / spread
        elif total > 0.0:
            smooth[day, 0], smooth[day, 1] = x / total, y / total
        else:
            # No day around it is trusted: nothing better is known than what was given.
            smooth[day, 0], smooth[day, 1] = velocity[day, 0], velocity[day, 1]
    return smooth
