"""What to know before trusting a series: errors, interval, effective counts, coherence and flags (2.4)."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from scipy.special import stdtrit

from workers.linear.covariance import functional_variances
from workers.linear.robust import radial_scale
from workers.velocity.closure import Closure, RobustClosure
from workers.velocity.means import WindowMeans
from workers.velocity.network import Network
from workers.velocity.series import Flag
from workers.velocity.spline import SplineMeans
from workers.windows import Windows

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


@njit(nogil=True, cache=True)
def speed_error(velocity: np.ndarray, error: np.ndarray) -> np.ndarray:
    """1-sigma error of the speed (eq. 12): (T',) from (T', 2); the larger one where the speed is 0."""
    found = np.empty(len(velocity))
    for t in range(len(velocity)):
        x, y, along_x, along_y = velocity[t, 0], velocity[t, 1], error[t, 0], error[t, 1]
        speed = math.hypot(x, y)
        found[t] = (
            math.hypot(x * along_x, y * along_y) / speed if speed > 0.0 else np.maximum(along_x, along_y)
        )
    return found


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
    squares, kept = np.empty(psi.size), np.uint64(0)
    for e in range(psi.size):
        squares[kept] = (left[e, 0] / error[e, 0]) ** 2 + (left[e, 1] / error[e, 1]) ** 2
        kept += np.uint64(psi[e] > 0.0)
    return squares[:kept]


def quantile(psi: np.ndarray, level: float) -> float:
    """Student's t for a two-sided interval of a level.

    Degrees of freedom: pairs with a weight, less one for the steady motion that the penalty leaves free; at
    least one.
    """
    return float(stdtrit(max(1, np.count_nonzero(psi > 0) - 1), 0.5 + level / 2))


def counts(network: Network, psi: np.ndarray, means: WindowMeans | SplineMeans) -> np.ndarray:
    """(T',) effective number of pairs that constrain each window: the sum of psi of those that overlap it.

    Eq. 10 adds up the intervals of a window; here a pair counts once.
    """
    return _counts(network.days, network.first, network.second, psi, means.start, means.end)


@njit(nogil=True, cache=True)
def _counts(days, first, second, psi, start, end):
    # The sums of psi of the pairs that begin before each date, and of those that end.
    begun, ended = np.zeros(days.size + 1), np.zeros(days.size + 1)
    for e in range(psi.size):
        begun[np.uint64(first[e] + 1)] += psi[e]
        ended[np.uint64(second[e] + 1)] += psi[e]
    for k in range(days.size):
        begun[k + 1] += begun[k]
        ended[k + 1] += ended[k]
    count = np.empty(start.size)
    for t in range(start.size):
        before_end = begun[np.searchsorted(days, end[t])]
        before_start = ended[np.searchsorted(days, start[t], side="right")]
        # The difference of two prefix sums may miss zero by a rounding.
        count[t] = max(before_end - before_start, 0.0)
    return count


@njit(nogil=True, cache=True)
def coherence(velocity: np.ndarray) -> float:
    """VVC (eq. 8 with 1/N): length of the mean unit vector of (T', 2) velocities; zeros left out."""
    x, y, moving = 0.0, 0.0, 0
    for t in range(len(velocity)):
        speed = math.hypot(velocity[t, 0], velocity[t, 1])
        if speed > 0.0:
            x += velocity[t, 0] / speed
            y += velocity[t, 1] / speed
            moving += 1
    return min(1.0, math.hypot(x, y) / moving) if moving else math.nan


def raised_flags(
    network: Network,
    robust: RobustClosure,
    means: WindowMeans | SplineMeans,
    count: np.ndarray,
    vvc: float,
    windows: Windows,
) -> np.ndarray:
    """(T',) uint8, bits of `Flag` for windows with a value."""
    days, step = network.days, windows.step.days
    pixel = {
        Flag.short_step: step is not None and step < SHORTEST_STEP,
        Flag.low_vvc: vvc < LEAST_COHERENCE,
        Flag.no_convergence: not robust.converged,
    }
    bits = np.full(len(means), sum(flag.value for flag, raised in pixel.items() if raised), np.uint8)
    unpaired = _long_gaps(days, robust.spanned)
    _raise(bits, Flag.decorrelation_doubt.value, _touches(days, robust.doubtful, means.start, means.end))
    _raise(bits, Flag.filled.value, _touches(days, unpaired, means.start, means.end))
    _raise(bits, Flag.edge.value, ~means.whole)
    _raise(bits, Flag.low_count.value, count < FEWEST_PAIRS)
    return bits


@njit(nogil=True, cache=True)
def _raise(bits, flag, raised):
    for t in range(bits.size):
        if raised[t]:
            bits[t] |= flag


@njit(nogil=True, cache=True)
def _long_gaps(days, spanned):
    """Of the intervals that no pair spans, those in a run of such ones that lasts longer than 60 days."""
    long = np.zeros(spanned.size, np.bool_)
    left = 0
    for right in range(1, spanned.size + 1):
        if spanned[right - 1]:
            left = right
        elif (right == spanned.size or spanned[right]) and days[right] - days[left] > LONGEST_GAP:
            long[left:right] = True
    return long


@njit(nogil=True, cache=True)
def _touches(days, chosen, start, end):
    """(T',) bool: windows that overlap a chosen interval between successive dates."""
    before = np.zeros(days.size, np.int64)
    for k in range(chosen.size):
        before[k + 1] = before[k] + chosen[k]
    touched = np.empty(start.size, np.bool_)
    for t in range(start.size):
        left = np.searchsorted(days, start[t], side="right") - 1
        right = np.searchsorted(days, end[t])
        touched[t] = before[right] > before[left]
    return touched
