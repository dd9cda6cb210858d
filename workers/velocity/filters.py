"""Filters of image pairs before the inversion (Charrier et al. 2025, 3.3.2 and B3), one pixel at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numba import njit

from workers.linear.robust import NORMAL_MAD, median

SATURATED = 32767
"""The largest stored velocity (int16, m/yr): it says "at least", not "equal\""""
SLOW = 10.0
"""m/yr: below this the direction of the median vector means nothing"""
WIDEST_ANGLE = math.radians(45.0)
LARGEST_SCORE = 3.5
LARGEST_SLOW_SCORE = 3.0
RESOLUTION = 1.0
"""m/yr, the unit in which velocities are stored: no spread is known to be smaller"""
LEAST_COHERENCE = 0.3
"""Length of the mean unit vector of all pairs below which fewer than a third of them share a direction"""


@njit(nogil=True, cache=True)
def saturated(vx: float, vy: float) -> bool:
    """Whether a component or the speed (rounded to whole m/yr) of a pair reaches the largest int16."""
    square = np.float64(vx) * vx + np.float64(vy) * vy
    return abs(vx) >= SATURATED or abs(vy) >= SATURATED or square >= (SATURATED - 0.5) ** 2


@njit(nogil=True, cache=True)
def outside_speeds(vx: float, vy: float, least: float, most: float) -> bool:
    """Whether the speed of a pair lies outside least <= v <= most, m/yr; `most` may be infinite."""
    square = np.float64(vx) * vx + np.float64(vy) * vy
    return square < least * least or square > most * most


def near_median(values: np.ndarray, largest: float = LARGEST_SCORE) -> np.ndarray:
    """(n,) bool: values within `largest` NMAD of their median (modified z-score)."""
    deviation = np.abs(values - median(values))
    return deviation <= largest * max(NORMAL_MAD * median(deviation), RESOLUTION)


def near_median_velocity(vx: np.ndarray, vy: np.ndarray) -> np.ndarray:
    """Pairs of which both components lie within 3.5 NMAD of their medians.

    Not for ice that surges, where the exceptional speeds are the true ones (B3: RMSE 711 against 59 m/yr).
    """
    return near_median(vx.astype(np.float64)) & near_median(vy.astype(np.float64))


def near_median_direction(vx: np.ndarray, vy: np.ndarray) -> np.ndarray:
    """Pairs that point within 45 degrees of the median vector (component by component).

    Where that vector is shorter than 10 m/yr its direction means nothing: there the modified z-score of the
    speed, 3 NMAD, takes its place.
    """
    median_x, median_y = median(vx), median(vy)
    if math.hypot(median_x, median_y) < SLOW:
        return near_median(np.hypot(vx, vy, dtype=np.float64), LARGEST_SLOW_SCORE)
    return _within_angle(vx, vy, median_x, median_y)


def near_median_by_coherence(vx: np.ndarray, vy: np.ndarray) -> np.ndarray:
    """The median direction where the pairs' directions cohere (VVC, eq. 8 with 1/N, at least 0.3), else the
    median of both components: among directions at random the median one means nothing."""
    coherent = _coherence(vx, vy) >= LEAST_COHERENCE
    return near_median_direction(vx, vy) if coherent else near_median_velocity(vx, vy)


DIRECTION, NO_FILTER = "median_angle", "none"
OUTLIER_FILTERS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    DIRECTION: near_median_direction,
    "zscore": near_median_velocity,
    "vvc_choice": near_median_by_coherence,
}
"""What a request may name: vx, vy (n,) m/yr, n > 0, to (n,) bool, the pairs to keep"""


@njit(nogil=True, cache=True)
def _within_angle(vx, vy, median_x, median_y):
    least = math.cos(WIDEST_ANGLE) * math.hypot(median_x, median_y)
    # Roots, not hypot: velocities are far from overflow, and roots are taken several at a time.
    within = np.empty(vx.size, np.bool_)
    for e in range(vx.size):
        x, y = np.float64(vx[e]), np.float64(vy[e])
        within[e] = x * median_x + y * median_y >= least * math.sqrt(x * x + y * y)
    return within


def _coherence(vx: np.ndarray, vy: np.ndarray) -> float:
    """Length of the mean unit vector; pairs without motion have no direction and are left out."""
    speed = np.hypot(vx, vy, dtype=np.float64)
    moving = speed > 0
    # Sorted, so that the sum does not depend on the order of the pairs.
    x, y = (np.sort(v[moving] / speed[moving]).sum() for v in (vx, vy))
    return float(np.hypot(x, y)) / max(int(moving.sum()), 1)
