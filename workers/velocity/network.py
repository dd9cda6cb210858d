"""The network that the pairs of one pixel span: its dates are the unknowns of the inversion.

The dates are those of the pixel's own pairs and no others: with the dates of a block the penalty would change
with the way the cube is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.velocity.selection import SelectedPairs

YEAR = 365.0
"""Days of the year in m/yr"""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """m pairs as rows u_second - u_first = displacement on p dates (position form of closure, eq. 1-2)."""

    days: np.ndarray
    """(p,) int64, dates touched by the pairs, increasing"""
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

    def __len__(self) -> int:
        return self.first.size

    def spanned(self, chosen: np.ndarray) -> np.ndarray:
        """(p - 1,) bool: intervals between successive dates that a pair of `chosen` (m,) bool spans."""
        size = self.days.size
        begun = np.bincount(self.first[chosen], minlength=size)
        ended = np.bincount(self.second[chosen], minlength=size)
        return np.cumsum(begun - ended)[:-1] > 0


def network_of(selected: SelectedPairs) -> Network:
    """The network of at least one pair: baselines and displacements come from whole UTC days, once."""
    start, end = int(selected.day1[0]), int(selected.day2.max())
    touched = np.zeros(end - start + 1, bool)
    touched[selected.day1 - start] = True
    touched[selected.day2 - start] = True
    index = (np.cumsum(touched) - 1).astype(np.int32)
    baseline = selected.day2.astype(np.int64) - selected.day1
    years = baseline / YEAR
    return Network(
        days=np.flatnonzero(touched) + start,
        first=index[selected.day1 - start],
        second=index[selected.day2 - start],
        baseline=baseline,
        displacement=np.stack([selected.vx * years, selected.vy * years], axis=1),
        error=np.stack([_metres(selected.error_x, years), _metres(selected.error_y, years)], axis=1),
    )


def _metres(error: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Stated errors as displacements; a missing, zero or infinite one becomes the median of the others."""
    metres = error * years
    stated = np.isfinite(metres) & (metres > 0)
    if stated.all():
        return metres
    return np.where(stated, metres, np.median(metres[stated]) if stated.any() else np.nan)
