"""The network that the pairs of one pixel span: its dates are the unknowns of the inversion.

The dates are those of the pixel's own pairs and no others: with the dates of a block the penalty would change
with the way the cube is cut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from workers.linear.robust import median
from workers.velocity.selection import SelectedPairs

YEAR = 365.0
"""Days of the year in m/yr"""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """m pairs as rows u_second - u_first = displacement on p dates (position form of closure, eq. 1-2)."""

    days: np.ndarray
    """(p,) int64, dates touched by the pairs, increasing; further ones between them only after `refined`"""
    first: np.ndarray
    """(m,) int32, index of each pair's first date"""
    second: np.ndarray
    """(m,) int32, index of its second date"""
    baseline: np.ndarray
    """(m,) int64, days between them"""
    displacement: np.ndarray
    """(m, 2) float64, metres along x and y"""
    error: np.ndarray
    """(m, 2) float64, 1-sigma errors in metres; NaN throughout a component for which none is stated"""
    quality: np.ndarray | None = None
    """(m,) float64, precision of each pair's data set over that of the best; None where there is but one"""

    def __len__(self) -> int:
        return self.first.size

    def refined(self, longest: int) -> Network:
        """The same pairs on more dates: intervals longer than `longest` days are cut into equal parts."""
        days = [
            left + (right - left) * np.arange(parts) // parts
            for left, right in zip(self.days[:-1], self.days[1:], strict=True)
            for parts in [-(-(right - left) // longest)]
        ]
        finer = np.concatenate([*days, self.days[-1:]])
        place = np.searchsorted(finer, self.days).astype(np.int32)
        return replace(self, days=finer, first=place[self.first], second=place[self.second])

    def spanned(self, chosen: np.ndarray) -> np.ndarray:
        """(p - 1,) bool: intervals between successive dates that a pair of `chosen` (m,) bool spans."""
        return _spanned(self.first, self.second, chosen, self.days.size)


def network_of(selected: SelectedPairs) -> Network:
    """The network of at least one pair: baselines and displacements come from whole UTC days, once.

    A missing, zero or infinite stated error becomes the median of the others, as displacements.
    """
    start, end = int(selected.day1[0]), int(selected.day2.max())
    days, first, second, baseline = _dates(selected.day1, selected.day2, start, end)
    moved, error, complete = _metres(baseline, selected.vx, selected.vy, selected.error_x, selected.error_y)
    if not complete:
        for component in error.T:
            unstated = np.isnan(component)
            if not unstated.all():
                component[unstated] = median(component[~unstated])
    return Network(days, first, second, baseline, moved, error)


@njit(nogil=True, cache=True)
def _dates(day1, day2, start, end):
    """The days touched, the place of both days of each pair among them, and the days between."""
    index = np.full(end - start + 1, -1, np.int32)
    for e in range(day1.size):
        index[np.uint64(day1[e] - start)] = index[np.uint64(day2[e] - start)] = 0
    days = np.empty(index.size, np.int64)
    dates = 0
    for k in range(index.size):
        if index[k] == 0:
            index[k] = dates
            days[dates] = start + k
            dates += 1
    first, second = np.empty(day1.size, np.int32), np.empty(day1.size, np.int32)
    baseline = np.empty(day1.size, np.int64)
    for e in range(day1.size):
        # Unsigned: no index needs to be asked whether it counts from the end.
        first[e], second[e] = index[np.uint64(day1[e] - start)], index[np.uint64(day2[e] - start)]
        baseline[e] = day2[e] - day1[e]
    return days[:dates].copy(), first, second, baseline


@njit(nogil=True, cache=True)
def _metres(baseline, vx, vy, error_x, error_y):
    """Velocities and errors as displacements, with NaN for errors that say nothing, and if there are none."""
    moved, error, complete = np.empty((vx.size, 2)), np.empty((vx.size, 2)), True
    for e in range(vx.size):
        years = baseline[e] / YEAR
        moved[e, 0], moved[e, 1] = vx[e] * years, vy[e] * years
        error[e, 0], error[e, 1] = error_x[e] * years, error_y[e] * years
        for k in range(2):
            if not (np.isfinite(error[e, k]) and error[e, k] > 0.0):
                error[e, k] = np.nan
                complete = False
    return moved, error, complete


@njit(nogil=True, cache=True)
def _spanned(first, second, chosen, dates):
    change = np.zeros(dates, np.int64)
    for e in range(first.size):
        if chosen[e]:
            change[first[e]] += 1
            change[second[e]] -= 1
    spanned = np.empty(dates - 1, np.bool_)
    pairs = 0
    for k in range(dates - 1):
        pairs += change[k]
        spanned[k] = pairs > 0
    return spanned
