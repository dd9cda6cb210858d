"""The result of an inversion at one pixel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np


class Flag(IntFlag):
    """What to know before trusting a window; bits of `quality_flag`."""

    short_step = 1
    low_count = 2
    low_vvc = 4
    no_convergence = 8
    filled = 16
    edge = 32
    decorrelation_doubt = 64
    no_data = 128


@dataclass(frozen=True, slots=True)
class DatasetShare:
    """One of several data sets at one pixel."""

    dataset: int
    """0 for that which the grid comes from, then the further ones in the order of their names"""
    used: int
    """Pairs that entered the inversion"""
    quality: float
    """Precision of its pairs over that of the best set: what their weights are the square of"""
    error_scale: float
    """What its stated errors were multiplied with to stand on one footing with those of the others"""
    bias: tuple[float, float]
    """m/yr along x and y, by which its pairs are faster than those of the first set here; NaN for the first,
    and where either has fewer than three pairs"""
    bias_error: tuple[float, float]
    """m/yr, 1-sigma; images that pairs share make it too small"""


@dataclass(frozen=True, slots=True, eq=False)
class PixelSeries:
    """Regular series of one pixel: T windows; velocities in m/yr (365 days), errors 1-sigma; NaN for none.

    All window arrays are float32, exactly what a product stores.
    """

    vx: np.ndarray
    vy: np.ndarray
    v: np.ndarray
    vx_error: np.ndarray
    vy_error: np.ndarray
    v_error: np.ndarray
    vx_error_lag1: np.ndarray
    """Correlation of the error of vx with that in the next window, to a hundredth; NaN for the last"""
    vy_error_lag1: np.ndarray
    """The same of vy"""
    v_low: np.ndarray
    v_high: np.ndarray
    count: np.ndarray
    """Sum of the robust weights of the pairs that constrain the window"""
    quality_flag: np.ndarray
    """(T,) uint8, bits of `Flag`"""
    vvc: np.float32
    """Velocity vector coherence, 0 to 1; NaN without data"""
    error_scale: np.float32
    """What `interval` multiplies errors with: as calibrated, or max(1, NMAD of residual / stated error)"""
    residual_nmad: float
    """NMAD of the residuals of the pairs used, metres"""
    coefficient: np.float32
    """Of the regularisation, given or chosen; NaN without data"""
    curve: tuple[tuple[float, float], ...]
    """Candidates of the coefficient and what the rule holds of each; empty where it was given"""
    iterations: int
    converged: bool
    valid: int
    """Pairs with a velocity at this pixel"""
    used: int
    """Pairs that entered the inversion"""
    rejected: dict[str, int]
    """Pairs rejected by each filter, by its name, in the order of the filters"""
    rows: np.ndarray
    """(used,) int64, rows of the `PairTable` of the pairs used"""
    weights: np.ndarray
    """(used,) float32, final robust weight psi of each"""
    shares: tuple[DatasetShare, ...] = ()
    """What each data set gave that has pairs here, where several are merged"""
