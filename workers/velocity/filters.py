"""Filters of image pairs before the inversion (Charrier et al. 2025, 3.3.2 and B3), one pixel at a time."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from workers.linear.robust import NORMAL_MAD, median

SATURATED = 32767
"""The largest stored velocity (int16, m/yr): it says "at least", not "equal"""
SLOW = 10.0
"""m/yr: below this the direction of the median vector means nothing"""
WIDEST_ANGLE = math.radians(45.0)
LARGEST_SCORE = 3.5
LARGEST_SLOW_SCORE = 3.0
RESOLUTION = 1.0
"""m/yr, the unit in which velocities are stored: no spread is known to be smaller"""


@njit(nogil=True, cache=True)
def saturated(vx: float, vy: float) -> bool:
    """Whether a component or the speed (rounded to whole m/yr) of a pair reaches the largest int16."""
    square = np.float64(vx) * vx + np.float64(vy) * vy
    return abs(vx) >= SATURATED or abs(vy) >= SATURATED or square >= (SATURATED - 0.5) ** 2


@njit(nogil=True, cache=True)
def outside_dates(day1: int, day2: int, start: float, end: float) -> bool:
    """Whether an acquisition lies outside start <= day < end; both may be infinite."""
    return day1 < start or day2 >= end


@njit(nogil=True, cache=True)
def without_baseline(day1: int, day2: int) -> bool:
    """Whether both images of a pair are of one day: what lies between them cannot be told from nothing."""
    return day2 <= day1


def near_median(speed: np.ndarray, largest: float = LARGEST_SCORE) -> np.ndarray:
    """Pairs of which the speed lies within `largest` NMAD of the median speed (modified z-score).

    Not for ice that surges, where the exceptional speeds are the true ones (B3: RMSE 711 against 59 m/yr).
    """
    deviation = np.abs(speed - median(speed))
    return deviation <= largest * max(NORMAL_MAD * median(deviation), RESOLUTION)


def near_median_direction(vx: np.ndarray, vy: np.ndarray) -> np.ndarray:
    """Pairs that point within 45 degrees of the median vector (component by component).

    Where that vector is shorter than 10 m/yr its direction means nothing: there the modified z-score of the
    speed, 3 NMAD, takes its place.
    """
    median_x, median_y = median(vx), median(vy)
    if math.hypot(median_x, median_y) < SLOW:
        return near_median(np.hypot(vx, vy, dtype=np.float64), LARGEST_SLOW_SCORE)
    return _within_angle(vx, vy, median_x, median_y)


@njit(nogil=True, cache=True)
def _within_angle(vx, vy, median_x, median_y):
    least = math.cos(WIDEST_ANGLE) * math.hypot(median_x, median_y)
    within = np.empty(vx.size, np.bool_)
    for e in range(vx.size):
        x, y = np.float64(vx[e]), np.float64(vy[e])
        within[e] = x * median_x + y * median_y >= least * math.hypot(x, y)
    return within
