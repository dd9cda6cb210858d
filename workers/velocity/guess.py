"""The initial guess X0: a smooth daily velocity whose acceleration the inversion follows (2.2.2).

A pixel's guess is made from its own pairs; the mean over its 3 x 3 neighbourhood is taken of finished
guesses, so that a block needs a halo of one pixel and the result does not depend on the cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import njit

from workers.linear.robust import TUKEY, radial_scale
from workers.velocity.network import YEAR
from workers.velocity.selection import SelectedPairs

SHORT_BASELINE = 180
"""Days: pairs below this show the velocity of their midpoint, and seldom decorrelate"""
LONGER_BASELINES = (400, 800)
"""Days: the further limits, in turn, where shorter pairs are missing (a year and some, two years and some)"""
SMOOTHING_DAYS = 91
"""The 90-day window of the Savitzky-Golay filter, made odd"""
SMOOTHING_ORDER = 3
MEDIAN_STEP = 30
"""Days between the local medians that blunders are told by"""
SMALLEST_SCALE = 0.05
"""Metres: displacements are not trusted to agree better, here and in the closure"""


@dataclass(frozen=True, slots=True, eq=False)
class DailyGuess:
    """Velocity of each day `first_day + k`, from its midnight to the next."""

    first_day: int
    """Days since 1970-01-01: the pixel's first date"""
    velocity: np.ndarray
    """(days, 2) float64, m/yr along x and y, up to the pixel's last date"""

    def positions(self, days: np.ndarray) -> np.ndarray:
        """Positions at dates that lie within the guess, (p, 2) metres, zero at the first of them."""
        path = np.zeros((len(self.velocity) + 1, 2))
        np.cumsum(self.velocity / YEAR, axis=0, out=path[1:])
        positions = path[days - self.first_day]
        return positions - positions[0]


def daily_guess(selected: SelectedPairs) -> DailyGuess | None:
    """The guess of one pixel from its first to its last date; None without pairs.

    Velocities of pairs with a baseline below 180 days stand at the pairs' midpoints. Longer pairs, below 400
    days, then below 800, then all, join where they hold no midpoint of a shorter pair between their dates:
    annual pairs alone make a guess too (section 4.6), yet none outweighs shorter ones nearby. Velocities at
    one midpoint are averaged, equally: weights that grow with the baseline, as the precision does, favour the
    pairs that decorrelate. A pair whose displacement departs from the local median velocity by more than
    4.685 scales stays out: one blunder of a short pair (60 m in 5 days, 4 400 m/yr) would bend the guess
    for three months. Then linear interpolation to the middle of each day, and a Savitzky-Golay filter of
    order 3 over 91 days (less on a shorter record).
    """
    if not len(selected):
        return None
    first, last = int(selected.day1[0]), int(selected.day2.max())
    baseline = selected.day2.astype(np.int64) - selected.day1
    twice_middle = selected.day1.astype(np.int64) + selected.day2 - 2 * first
    velocity = np.stack([selected.vx, selected.vy], axis=1)
    chosen = np.flatnonzero(_informative(baseline, twice_middle))
    chosen = chosen[_plausible(twice_middle[chosen], velocity[chosen], baseline[chosen])]
    place = twice_middle[chosen]
    pairs = np.bincount(place)
    at = np.flatnonzero(pairs)
    days = np.arange(last - first) + 0.5
    daily = np.empty((days.size, 2))
    for component in range(2):
        mean = np.bincount(place, velocity[chosen, component])[at] / pairs[at]
        daily[:, component] = np.interp(days, at / 2.0, mean)
    return DailyGuess(first, _smoothed(daily))


def _informative(baseline: np.ndarray, twice_middle: np.ndarray) -> np.ndarray:
    """(m,) bool: short pairs, and longer ones that hold no midpoint of a shorter pair between their dates."""
    limit = np.searchsorted((SHORT_BASELINE, *LONGER_BASELINES), baseline, side="right")
    chosen = limit == 0
    for longer in range(1, limit.max() + 1):
        midpoints = np.bincount(twice_middle[chosen], minlength=int((twice_middle + baseline).max()) + 1)
        before = np.concatenate([[0], np.cumsum(midpoints)])
        held = before[twice_middle + baseline + 1] - before[twice_middle - baseline]
        chosen |= (limit == longer) & (held == 0)
    return chosen


def _plausible(place: np.ndarray, velocity: np.ndarray, baseline: np.ndarray) -> np.ndarray:
    """(k,) bool: pairs near the median velocity of those within 45 days, as displacements.

    The medians are taken every 30 days. At least half of the pairs are kept.
    """
    order = np.argsort(place, kind="stable")
    medians = _local_medians(place[order], velocity[order], 2 * MEDIAN_STEP, SMOOTHING_DAYS - 1)
    departure = (velocity - medians[place // (2 * MEDIAN_STEP)]) * (baseline / YEAR)[:, None]
    squares = departure[:, 0] ** 2 + departure[:, 1] ** 2
    return squares <= (TUKEY * max(radial_scale(squares), SMALLEST_SCALE)) ** 2


@njit(nogil=True, cache=True)
def _local_medians(place, velocity, step, half):
    """Medians of the rows with a place within `half` of the middle of each step; place increases."""
    medians = np.zeros((place[-1] // step + 1, 2))
    for k in range(medians.shape[0]):
        middle = k * step + step // 2
        begin = np.searchsorted(place, middle - half)
        end = np.searchsorted(place, middle + half + 1)
        if end > begin:
            medians[k, 0] = np.median(velocity[begin:end, 0])
            medians[k, 1] = np.median(velocity[begin:end, 1])
    return medians


def _smoothed(velocity: np.ndarray) -> np.ndarray:
    """Savitzky-Golay filter of (days, 2); the polynomials of the first and last window reach to the ends."""
    days = len(velocity)
    window = min(SMOOTHING_DAYS, days - (days + 1) % 2)
    hat, half = _local_fit(window), window // 2
    smooth = np.empty_like(velocity)
    smooth[: half + 1] = hat[: half + 1] @ velocity[:window]
    smooth[-half - 1 :] = hat[-half - 1 :] @ velocity[-window:]
    for component in range(velocity.shape[1]):
        middle = np.convolve(velocity[:, component], hat[half], mode="valid")
        smooth[half : days - half, component] = middle
    return smooth


@cache
def _local_fit(window: int) -> np.ndarray:
    """(window, window): values of a window to those of the cubic that fits them best."""
    place = np.linspace(-1.0, 1.0, window) if window > 1 else np.zeros(1)
    basis, _ = np.linalg.qr(np.vander(place, min(SMOOTHING_ORDER + 1, window)))
    return basis @ basis.T


def mean_guess(guesses: Sequence[DailyGuess | None]) -> DailyGuess | None:
    """The mean of a 3 x 3 neighbourhood, day by day, of those that have a guess for the day.

    Args:
        guesses: nine, row by row from the north-west; None where a pixel has no pairs or does not exist.

    Returns:
        The guess of the centre (element 4) over the centre's days; None if the centre has none.
    """
    centre = guesses[4]
    if centre is None:
        return None
    size = len(centre.velocity)
    total, count = np.zeros((size, 2)), np.zeros((size, 1))
    for guess in guesses:
        if guess is None:
            continue
        shift = guess.first_day - centre.first_day
        start, end = max(0, shift), min(size, shift + len(guess.velocity))
        if start < end:
            total[start:end] += guess.velocity[start - shift : end - shift]
            count[start:end] += 1.0
    return DailyGuess(centre.first_day, total / count)
