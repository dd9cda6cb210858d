"""Tukey's biweight on radial residuals, with a scale from their median (Charrier et al. 2025, eq. 4-7)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

TUKEY = 4.685
"""Residuals beyond this many scales get no weight: 95 % efficiency on normal errors"""
NORMAL_MAD = 1.4826
"""Standard deviation of a normal variable over its median absolute deviation"""
MEDIAN_LENGTH = {1: 0.67449, 2: 1.1774}
"""Median length of a vector whose components, by their number, are standard normal"""


SAMPLE = 512
"""Numbers that tell between which two the median must lie"""
MARGIN = 0.08
"""Of the sample on either side of its middle: beyond 3.5 standard deviations of where the median falls"""
MANY = 4096
"""Numbers from which on the sample saves time"""


@njit(nogil=True, cache=True)
def median(values: np.ndarray) -> float:
    """Median of (n,) numbers, n > 0: a few times faster than NumPy's, from within a kernel too.

    Of many numbers all but those near the median are passed by: a sample says where these lie.
    """
    if values.size < MANY:
        return _middle(values.copy(), values.size // 2, values.size)
    least, most = bracket(values, SAMPLE, MARGIN)
    return median_between(values, least, most)[0]


@njit(nogil=True, cache=True)
def bracket(values: np.ndarray, size: int, margin: float) -> tuple[float, float]:
    """Two numbers between which the median most likely lies.

    Args:
        values: (n,), n >= size.
        size: numbers of the sample that tells.
        margin: share of the sample on either side of its middle.
    """
    sample = values[:: values.size // size].copy()
    lower, upper = int((0.5 - margin) * sample.size), int((0.5 + margin) * sample.size)
    least = _selected(sample, lower)
    return least, _selected(sample[lower:], upper - lower)


@njit(nogil=True, cache=True)
def median_between(values: np.ndarray, least: float, most: float) -> tuple[float, int]:
    """Median of (n,) numbers, n > 0, and how many of them lie in least .. most; 0 if the median does not.

    The fewer lie there, the faster it is.
    """
    half, below, kept = values.size // 2, 0, np.uint64(0)
    near = np.empty(values.size, values.dtype)
    # Unsigned: no index needs to be asked whether it counts from the end.
    for value in values:
        near[kept] = value
        kept += np.uint64((value >= least) & (value <= most))
        below += value < least
    inside = np.int64(kept)
    if below < half < below + inside:
        return _middle(near[:inside], half - below, values.size), inside
    return _middle(values.copy(), half, values.size), 0


@njit(nogil=True, cache=True)
def _middle(near, rank, size):
    """The median of `size` numbers by those near it, of which `rank` lie below the upper middle one."""
    upper = np.float64(_selected(near, rank))
    if size % 2:
        return upper
    lower = near[0]
    for k in range(1, rank):
        lower = max(lower, near[k])
    return 0.5 * (np.float64(lower) + upper)


@njit(nogil=True, cache=True)
def _selected(values, rank):
    """The number of a rank, with none above it before and none below it after it; NaN if a pivot is."""
    left, right = 0, values.size - 1
    while left < right:
        a, b, c = values[left], values[(left + right) // 2], values[right]
        pivot = max(min(a, b), min(max(a, b), c))
        # Numbers below the pivot to the front: moves instead of branches, and unsigned indices.
        front = np.uint64(left)
        for k in range(np.uint64(left), np.uint64(right + 1)):
            value = values[k]
            values[k], values[front] = values[front], value
            front += np.uint64(value < pivot)
        below = np.int64(front)
        if rank < below:
            right = below - 1
        elif below > left:
            left = below
        else:
            # None is below it: the pivot is the smallest, and there may be many of it.
            for k in range(left, right + 1):
                value = values[k]
                values[k], values[below] = values[below], value
                below += value == pivot
            if rank < below or below == left:
                return pivot
            left = below
    return values[rank]


@dataclass(frozen=True, slots=True, eq=False)
class Jury:
    """What the rows of a fit are judged by: the residuals of some of them tell the scale for all."""

    judges: np.ndarray
    """(m,) bool, rows that tell the scale, at least one"""
    precision: np.ndarray
    """(m,) float64, what squared residuals are multiplied with before they tell or are judged"""
    quality: np.ndarray
    """(m,) float64, q: the weight of a row is P = (q psi)^2"""
    components: int
    """1 or 2: how many components of the residuals vary"""
    smallest_scale: float
    """In units of the observations"""

    def verdict(self, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(m,) psi, Tukey's biweight, and (m,) P, of (m,) squared residuals, which are used up."""
        length = MEDIAN_LENGTH[self.components]
        return _judged(squares, self.judges, self.precision, self.quality, length, self.smallest_scale)


@njit(nogil=True, cache=True)
def _judged(squares, judges, precision, quality, length, smallest_scale):
    telling, told = np.empty(squares.size), np.uint64(0)
    for e in range(squares.size):
        squares[e] *= precision[e]
        telling[told] = squares[e]
        told += np.uint64(judges[e])
    scale = max(math.sqrt(median(telling[: np.int64(told)])) / length, smallest_scale)
    psi, weight = np.empty(squares.size), np.empty(squares.size)
    for e in range(squares.size):
        psi[e] = tukey(squares[e], scale)
        weight[e] = (quality[e] * psi[e]) ** 2
    return psi, weight


def radial_scale(squares: np.ndarray, components: int = 2) -> float:
    """Standard deviation of one component, from the median of squared lengths of residuals.

    The residuals of a fit are centred on zero already: no location is taken off. NaN without residuals.
    """
    return math.sqrt(median(squares)) / MEDIAN_LENGTH[components] if squares.size else math.nan


@njit(nogil=True, cache=True)
def tukey(square: float, scale: float) -> float:
    """psi = (1 - (r / (4.685 scale))^2)^2 inside, 0 outside, for a squared residual r^2 (eq. 7)."""
    inside = max(1.0 - square / (TUKEY * scale) ** 2, 0.0)
    return inside * inside


@njit(nogil=True, cache=True)
def biweight(squares: np.ndarray, scale: float) -> np.ndarray:
    """The same of (m,) squared residuals."""
    psi = np.empty(squares.size)
    for e in range(squares.size):
        psi[e] = tukey(squares[e], scale)
    return psi
