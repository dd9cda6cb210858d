"""The penalty on jumps of velocity between neighbouring intervals (Charrier et al. 2025, eq. 3)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def jumps(times: np.ndarray) -> np.ndarray:
    """Rows of Gamma: the jump of slope at each inner time.

    Args:
        times: (p,) float64, strictly increasing.

    Returns:
        (p - 2, 3) float64: row k acts on u_k, u_{k+1}, u_{k+2} and gives
        (u_{k+2} - u_{k+1}) / dt_{k+1} - (u_{k+1} - u_k) / dt_k. Empty with fewer than three times.
    """
    rows = np.empty((max(times.size - 2, 0), 3))
    for k in range(len(rows)):
        before, after = 1.0 / (times[k + 1] - times[k]), 1.0 / (times[k + 2] - times[k + 1])
        rows[k, 0], rows[k, 1], rows[k, 2] = before, -(before + after), after
    return rows


@njit(nogil=True, cache=True)
def accelerations(times: np.ndarray) -> np.ndarray:
    """Rows of Gamma: the jump of slope over the root of the time between the middles of its two intervals.

    The sum of their squares tends to the integral of the squared second derivative, however dense the times
    are, while that of `jumps` fades as they get denser.

    Args:
        times: (p,) float64, strictly increasing.

    Returns:
        (p - 2, 3) float64, as from `jumps`.
    """
    rows = jumps(times)
    for k in range(len(rows)):
        root = math.sqrt(0.5 * (times[k + 2] - times[k]))
        for part in range(3):
            rows[k, part] /= root
    return rows


@njit(nogil=True, cache=True)
def penalty_band(rows: np.ndarray, strength: float, size: int) -> np.ndarray:
    """strength Gamma'Gamma of the unknowns u_1 .. u_size, as the first three columns of a band (`banded`).

    Args:
        rows: (size - 1, 3) float64, from `jumps` or `accelerations`.
        strength: factor of their squares, c^2.
        size: unknowns after the fixed first one.

    Returns:
        (size, 3) float64.
    """
    full = np.zeros((size + 1, 3))
    for left in range(3):
        for right in range(left, 3):
            for k in range(len(rows)):
                full[left + k, right - left] += rows[k, left] * rows[k, right]
    return strength * full[1:]
