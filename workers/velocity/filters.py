"""Filters of image pairs before the inversion (Charrier et al. 2025, 3.3.2 and B3), one pixel at a time."""

from __future__ import annotations

import math

import numpy as np

from workers.calendar import Interval
from workers.linear.robust import NORMAL_MAD

SATURATED = 32767
"""The largest stored velocity (int16, m/yr): it says "at least", not "equal"""
SLOW = 10.0
"""m/yr: below this the direction of the median vector means nothing"""
WIDEST_ANGLE = math.radians(45.0)
LARGEST_SCORE = 3.5
LARGEST_SLOW_SCORE = 3.0
RESOLUTION = 1.0
"""m/yr, the unit in which velocities are stored: no spread is known to be smaller"""


def unsaturated(vx: np.ndarray, vy: np.ndarray) -> np.ndarray:
    """Pairs of which neither component nor the speed (rounded to whole m/yr) reaches the largest int16."""
    largest = np.maximum(np.abs(vx), np.abs(vy))
    return (largest < SATURATED) & (np.hypot(vx, vy) < SATURATED - 0.5)


def within_dates(day1: np.ndarray, day2: np.ndarray, interval: Interval) -> np.ndarray:
    """Pairs of which both acquisitions lie inside an interval of days."""
    start = -np.inf if interval.start is None else interval.start
    end = np.inf if interval.end is None else interval.end
    return (day1 >= start) & (day2 < end)


def within_baselines(
    day1: np.ndarray, day2: np.ndarray, shortest: int = 1, longest: int | None = None
) -> np.ndarray:
    """Pairs of which the baseline lies in `shortest` .. `longest` days, both included."""
    baseline = day2 - day1
    return (baseline >= shortest) & (baseline <= (np.inf if longest is None else longest))


def near_median(speed: np.ndarray, largest: float = LARGEST_SCORE) -> np.ndarray:
    """Pairs of which the speed lies within `largest` NMAD of the median speed (modified z-score).

    Not for ice that surges, where the exceptional speeds are the true ones (B3: RMSE 711 against 59 m/yr).
    """
    deviation = np.abs(speed - np.median(speed))
    return deviation <= largest * max(NORMAL_MAD * float(np.median(deviation)), RESOLUTION)


def near_median_direction(vx: np.ndarray, vy: np.ndarray) -> np.ndarray:
    """Pairs that point within 45 degrees of the median vector (component by component).

    Where that vector is shorter than 10 m/yr its direction means nothing: there the modified z-score of the
    speed, 3 NMAD, takes its place.
    """
    median_x, median_y = float(np.median(vx)), float(np.median(vy))
    speed = np.hypot(vx, vy)
    if math.hypot(median_x, median_y) < SLOW:
        return near_median(speed, LARGEST_SLOW_SCORE)
    along = vx * median_x + vy * median_y
    return along >= math.cos(WIDEST_ANGLE) * math.hypot(median_x, median_y) * speed
