"""What to know before trusting a series: errors, interval, effective counts, coherence and flags (2.4)."""

from __future__ import annotations

import numpy as np
from numba import njit
from scipy.special import stdtrit

from workers.calendar import Windows
from workers.linear.covariance import functional_variances
from workers.linear.robust import radial_scale
from workers.velocity.closure import Closure, RobustClosure
from workers.velocity.means import WindowMeans
from workers.velocity.network import Network
from workers.velocity.series import Flag
from workers.velocity.spline import SplineMeans

FEWEST_PAIRS = 3.0
"""`low_count` below this effective number: a single bad pair could then pass unnoticed"""
LEAST_COHERENCE = 0.5
"""`low_vvc` below this: the directions say more of noise than of flow"""
SHORTEST_STEP = 30
"""Days: shorter windows are noisier than the ice varies (2.1.3), `short_step`"""
LONGEST_GAP = 60
"""Days without any pair that a window may touch before it counts as `filled`"""


def window_errors(
    network: Network, closure: Closure, means: WindowMeans | SplineMeans
) -> tuple[np.ndarray, np.ndarray]:
    """1-sigma errors of the mean velocities from the pairs' stated errors (eq. 11), and their correlation.

    With the same N, P and c as the solution. NaN for a component of which no pair states an error.

    Returns:
        (T', 2) errors, m/yr, and (T', 2) correlation of each window's error with the next one's, to a
        hundredth; NaN for the last.
    """
    functionals = means.functionals(closure.normal.size)
    variance, covariance = functional_variances(
        closure.normal, functionals, network.first, network.second, closure.weight, network.error
    )
    error = np.sqrt(variance)
    correlation = np.full(error.shape, np.nan)
    both = error[:-1] * error[1:]
    np.divide(covariance, both, out=correlation[:-1], where=both > 0)
    return error, np.clip(correlation, -1.0, 1.0).round(2)


def speed_error(velocity: np.ndarray, error: np.ndarray) -> np.ndarray:
    """1-sigma error of the speed (eq. 12): (T',) from (T', 2); the larger one where the speed is 0."""
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    moving = speed > 0
    along = np.hypot(velocity[:, 0] * error[:, 0], velocity[:, 1] * error[:, 1])
    return np.where(moving, along / np.where(moving, speed, 1.0), np.maximum(error[:, 0], error[:, 1]))


def error_scale(network: Network, left: np.ndarray, psi: np.ndarray) -> float:
    """max(1, NMAD of residual / stated error) over the pairs with a weight; NaN where no error is stated.

    Args:
        network: the pairs.
        left: (m, 2) residuals, metres.
        psi: (m,) robust weights.
    """
    return float(np.maximum(radial_scale(_in_errors(left, network.error, psi)), 1.0))


@njit(nogil=True, cache=True)
def squared_length(vectors: np.ndarray) -> np.ndarray:
    """(m,) from (m, 2)."""
    squares = np.empty(len(vectors))
    for e in range(squares.size):
        squares[e] = vectors[e, 0] ** 2 + vectors[e, 1] ** 2
    return squares


@njit(nogil=True, cache=True)
def _in_errors(left, error, psi):
    """Squared lengths of the residuals of pairs with a weight, in units of their errors."""
    squares = np.empty(psi.size)
    k = 0
    for e in range(psi.size):
        if psi[e] > 0.0:
            squares[k] = (left[e, 0] / error[e, 0]) ** 2 + (left[e, 1] / error[e, 1]) ** 2
            k += 1
    return squares[:k]


def quantile(psi: np.ndarray, level: float) -> float:
    """Student's t for a two-sided interval of a level.

    Degrees of freedom: pairs with a weight, less one for the steady motion that the penalty leaves free; at
    least one.
    """
    return float(stdtrit(max(1, np.count_nonzero(psi) - 1), 0.5 + level / 2))


def counts(network: Network, psi: np.ndarray, means: WindowMeans | SplineMeans) -> np.ndarray:
    """(T',) effective number of pairs that constrain each window: the sum of psi of those that overlap it.

    Eq. 10 adds up the intervals of a window; here a pair counts once.
    """
    begun, ended = _running(network.first, network.second, psi, network.days.size)
    before_end = begun[np.searchsorted(network.days, means.end, side="left")]
    before_start = ended[np.searchsorted(network.days, means.start, side="right")]
    # The difference of two prefix sums may miss zero by a rounding.
    return np.maximum(before_end - before_start, 0.0)


@njit(nogil=True, cache=True)
def _running(first, second, psi, dates):
    """(p + 1,) each: the sum of psi of the pairs that begin before each date, and of those that end."""
    begun, ended = np.zeros(dates + 1), np.zeros(dates + 1)
    for e in range(psi.size):
        begun[first[e] + 1] += psi[e]
        ended[second[e] + 1] += psi[e]
    for k in range(dates):
        begun[k + 1] += begun[k]
        ended[k + 1] += ended[k]
    return begun, ended


def coherence(velocity: np.ndarray) -> float:
    """VVC (eq. 8 with 1/N): length of the mean unit vector of (T', 2) velocities; zeros left out."""
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    moving = speed > 0
    if not moving.any():
        return float("nan")
    unit = velocity[moving] / speed[moving, None]
    return min(1.0, float(np.hypot(*unit.mean(axis=0))))


def raised_flags(
    network: Network,
    robust: RobustClosure,
    means: WindowMeans | SplineMeans,
    count: np.ndarray,
    vvc: float,
    windows: Windows,
) -> np.ndarray:
    """(T',) uint8, bits of `Flag` for windows with a value."""
    pixel = Flag(0)
    if windows.step.days is not None and windows.step.days < SHORTEST_STEP:
        pixel |= Flag.short_step
    if vvc < LEAST_COHERENCE:
        pixel |= Flag.low_vvc
    if not robust.converged:
        pixel |= Flag.no_convergence
    unpaired = _long_gaps(network.days, ~network.spanned(robust.psi > 0))
    windowed = {
        Flag.low_count: count < FEWEST_PAIRS,
        Flag.edge: ~means.whole,
        Flag.decorrelation_doubt: _touches(network.days, robust.doubtful, means),
        Flag.filled: _touches(network.days, unpaired, means),
    }
    bits = np.full(len(means), int(pixel), np.uint8)
    for flag, raised in windowed.items():
        bits[raised] |= np.uint8(flag)
    return bits


def _long_gaps(days: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Of the empty intervals, those in a run of empty intervals that lasts longer than 60 days."""
    edge = np.flatnonzero(np.diff(np.concatenate([[False], empty, [False]])))
    begin, end = edge[::2], edge[1::2]
    long = np.zeros(empty.size, bool)
    for left, right in zip(begin, end, strict=True):
        long[left:right] = days[right] - days[left] > LONGEST_GAP
    return long


def _touches(days: np.ndarray, chosen: np.ndarray, means: WindowMeans | SplineMeans) -> np.ndarray:
    """(T',) bool: windows that overlap a chosen interval between successive dates."""
    before = np.concatenate([[0], np.cumsum(chosen)])
    left = np.searchsorted(days, means.start, side="right") - 1
    right = np.searchsorted(days, means.end, side="left")
    return before[right] > before[left]
