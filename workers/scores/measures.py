"""How near a series is to a truth: measures that leave out what is not known."""

from __future__ import annotations

import numpy as np


def rmse(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square error where both are finite; NaN if nowhere."""
    error = _both(estimate, truth)[0] - _both(estimate, truth)[1]
    return float(np.sqrt(np.mean(error**2))) if error.size else float("nan")


def bias(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Mean error where both are finite; NaN if nowhere."""
    error = _both(estimate, truth)[0] - _both(estimate, truth)[1]
    return float(np.mean(error)) if error.size else float("nan")


def kge(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Kling-Gupta efficiency (Charrier et al. 2025, eq. 13), 1 at best.

    The variability is the ratio of standard deviations. NaN where it is undefined: fewer than two finite
    values, no variation, a truth of mean 0.
    """
    estimate, truth = _both(estimate, truth)
    if estimate.size < 2 or np.std(truth) == 0 or np.mean(truth) == 0 or np.std(estimate) == 0:
        return float("nan")
    correlation = np.corrcoef(estimate, truth)[0, 1]
    variability = np.std(estimate) / np.std(truth)
    ratio = np.mean(estimate) / np.mean(truth)
    return float(1 - np.sqrt((correlation - 1) ** 2 + (variability - 1) ** 2 + (ratio - 1) ** 2))


def coverage(low: np.ndarray, high: np.ndarray, truth: np.ndarray) -> float:
    """Share of the intervals that hold the truth, of those with finite ends; NaN of none."""
    known = np.isfinite(low) & np.isfinite(high) & np.isfinite(truth)
    inside = (low[known] <= truth[known]) & (truth[known] <= high[known])
    return float(np.mean(inside)) if inside.size else float("nan")


def _both(estimate: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    known = np.isfinite(estimate) & np.isfinite(truth)
    return estimate[known].astype(np.float64), truth[known].astype(np.float64)
