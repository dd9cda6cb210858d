"""How good a series is without a truth: against pairs of images that it never saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.cubes.pairs import PairTable
from workers.errors import InvalidRequest
from workers.linear.banded import on_one_thread
from workers.velocity.folds import Fold, image_folds
from workers.velocity.guess import daily_guess
from workers.velocity.informative import SHORT_BASELINE
from workers.velocity.invert import close, invert_pixel, network_for
from workers.velocity.network import YEAR
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import SelectedPairs, select_pairs
from workers.windows import Windows

SHORT_HELD_OUT = 60
"""Days: held-out pairs up to this baseline are summed up apart, for they see the variations of speed"""
MEDIAN_DAYS = 30
METHODS = ("path", "product", "rolling_median", "rolling_median_product")


@dataclass(frozen=True, slots=True)
class HeldOutError:
    """Errors of predicted pairs, as velocity, m/yr: length of the difference of both components."""

    pairs: int
    median: float
    percentile_90: float

    @classmethod
    def of(cls, errors: np.ndarray) -> HeldOutError:
        """Sum up (k,) errors; NaN of none."""
        if not errors.size:
            return cls(0, float("nan"), float("nan"))
        return cls(errors.size, float(np.median(errors)), float(np.percentile(errors, 90)))


@dataclass(frozen=True, slots=True)
class MethodScore:
    """How well one method predicts."""

    all: HeldOutError
    short: HeldOutError
    """Of pairs of at most 60 days"""


@dataclass(frozen=True, slots=True)
class HoldoutScore:
    """What a pixel's held-out pairs say; their own noise is the floor of every figure."""

    kept: int
    """Pairs that the filters keep"""
    folds: int
    path: MethodScore
    """The positions at the dates, linear between them"""
    product: MethodScore
    """The regular series, integrated"""
    rolling_median: MethodScore
    """For comparison: the path of a daily rolling median over 30 days of the pairs below 180 days"""
    rolling_median_product: MethodScore
    """Its means over the windows of the regular series"""


def holdout(
    table: PairTable, vx: np.ndarray, vy: np.ndarray, parameters: VelocityParameters, folds: int = 5
) -> HoldoutScore:
    """Hold out images, not pairs: predict pairs both of whose images the fit has never seen.

    A pair left out alone shares its images with pairs that stay, so that a method which copies the errors of
    images would be rewarded. The pairs are those that the filters keep, chosen once on all. Each date is
    dealt to a fold; for each fold the pairs with neither date in it are fitted and those with both dates in
    it predicted, as far as their dates lie inside the record that was fitted; the folds are pooled.

    Args:
        table: the cube's pairs.
        vx, vy: (n,) float32 m/yr of one pixel.
        parameters: the user's choices; `datetime` plays no part.
        folds: into how many parts the dates are dealt.

    Raises:
        InvalidRequest: `folds` is below 2, or no pair is left to predict.
    """
    selected = select_pairs(table, vx, vy, parameters)
    baselines: list[np.ndarray] = []
    errors: dict[str, list[np.ndarray]] = {name: [] for name in METHODS}
    with on_one_thread():
        for fold in image_folds(selected, folds):
            baselines.append(fold.unseen.day2 - fold.unseen.day1)
            for name, (days, path) in _paths(fold, parameters).items():
                errors[name].append(_errors(fold.unseen, days, path))
    if not baselines:
        raise InvalidRequest(
            f"None of the {len(selected)} pairs kept has both its images in one of {folds} parts; "
            "a holdout needs a pixel with more pairs."
        )
    short = np.concatenate(baselines) <= SHORT_HELD_OUT
    scores = {
        name: MethodScore(HeldOutError.of(pooled), HeldOutError.of(pooled[short]))
        for name, pooled in ((name, np.concatenate(parts)) for name, parts in errors.items())
    }
    return HoldoutScore(kept=len(selected), folds=folds, **scores)


def _paths(fold: Fold, parameters: VelocityParameters) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Days and positions (k, 2) in metres of each method, linear in between, all over the whole record."""
    seen, record = fold.seen, fold.record
    guess, network = daily_guess(seen, parameters.guess), network_for(seen, parameters)
    windows = Windows.select(parameters.window_step, *record)
    series = invert_pixel(seen, guess, windows, parameters, errors=False)
    edges = np.append(windows.start, windows.end[-1])
    moved = np.stack([series.vx, series.vy], axis=1) * ((windows.end - windows.start) / YEAR)[:, None]
    days = np.arange(record[0], record[1] + 1)
    median = _sum_up(rolling_median(seen, days[:-1]) / YEAR)
    inside = np.clip(edges, *record)
    slope = (windows.end - windows.start) / np.diff(inside)
    return {
        "path": (network.days, close(network, guess, parameters)[0].positions),
        "product": (edges, _sum_up(moved)),
        "rolling_median": (days, median),
        "rolling_median_product": (
            edges,
            _sum_up(np.diff(median[inside - record[0]], axis=0) * slope[:, None]),
        ),
    }


def rolling_median(selected: SelectedPairs, days: np.ndarray) -> np.ndarray:
    """Median velocity of the pairs below 180 days whose midpoints lie within 15 days of noon of each day.

    Days without any are interpolated between their neighbours; NaN throughout without short pairs.

    Returns:
        (days, 2) m/yr.
    """
    short = selected.day2 - selected.day1 < SHORT_BASELINE
    middle = (selected.day1.astype(np.int64) + selected.day2)[short] / 2.0
    order = np.argsort(middle, kind="stable")
    velocity = np.stack([selected.vx, selected.vy], axis=1)[short][order]
    noon = days + 0.5
    begin = np.searchsorted(middle[order], noon - MEDIAN_DAYS / 2, side="left")
    end = np.searchsorted(middle[order], noon + MEDIAN_DAYS / 2, side="right")
    medians = np.full((days.size, 2), np.nan)
    for at in np.flatnonzero(end > begin):
        medians[at] = np.median(velocity[begin[at] : end[at]], axis=0)
    known = np.isfinite(medians[:, 0])
    if known.any():
        for component in medians.T:
            component[:] = np.interp(days, days[known], component[known])
    return medians


def _sum_up(moved: np.ndarray) -> np.ndarray:
    """(k + 1, 2) positions from (k, 2) displacements, metres."""
    return np.concatenate([np.zeros((1, 2)), np.cumsum(moved, axis=0, dtype=np.float64)])


def _errors(unseen: SelectedPairs, days: np.ndarray, path: np.ndarray) -> np.ndarray:
    """(k,) m/yr: how far each pair's velocity lies from what a path says it would be."""
    years = (unseen.day2 - unseen.day1) / YEAR
    predicted = [
        (np.interp(unseen.day2, days, along) - np.interp(unseen.day1, days, along)) / years
        for along in path.T
    ]
    return np.hypot(predicted[0] - unseen.vx, predicted[1] - unseen.vy)
