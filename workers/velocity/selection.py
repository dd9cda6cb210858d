"""The pairs of one pixel that enter its inversion: filtered, and in an order that no storage can change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from workers.cubes.pairs import PairTable
from workers.velocity.filters import OUTLIER_FILTERS, outside_speeds, saturated
from workers.velocity.parameters import VelocityParameters
from workers.velocity.screening import PASSED, REASONS, SATURATION, SPEED, screening

_COLUMNS = ("rows", "day1", "day2", "vx", "vy", "error_x", "error_y", "dataset")


@dataclass(frozen=True, slots=True, eq=False)
class SelectedPairs:
    """The m pairs of a pixel that passed the filters, in canonical order.

    The order is by day1, day2, vx, vy, error_x, error_y: pairs equal in all of them are interchangeable, so
    every sum over pairs is the same to the bit however the cube stored them.
    """

    rows: np.ndarray
    """(m,) int64, rows of the `PairTable`"""
    day1: np.ndarray
    """(m,) int32"""
    day2: np.ndarray
    """(m,) int32, later than day1"""
    vx: np.ndarray
    """(m,) float64, m/yr"""
    vy: np.ndarray
    """(m,) float64, m/yr"""
    error_x: np.ndarray
    """(m,) float64, stated 1-sigma error of vx, m/yr; NaN where none is stated"""
    error_y: np.ndarray
    """(m,) float64, stated 1-sigma error of vy, m/yr; NaN where none is stated"""
    dataset: np.ndarray
    """(m,) uint8, place in the table's `datasets`; zeros where it is of one"""
    valid: int
    """Pairs with a velocity at the pixel, before any filter"""
    rejected: dict[str, int]
    """Pairs that each filter took from what the ones before it had left, in their order"""

    def __len__(self) -> int:
        return self.rows.size

    def part(self, keep: np.ndarray) -> SelectedPairs:
        """Some of the pairs, by a mask (m,) bool or by increasing places; the counts stay those of all."""
        return replace(self, **{name: getattr(self, name)[keep] for name in _COLUMNS})


def select_pairs(
    table: PairTable, vx: np.ndarray, vy: np.ndarray, parameters: VelocityParameters
) -> SelectedPairs:
    """Filter the pairs of one pixel and put them in canonical order.

    The filters, in order: `saturation` (a stored int16 at its limit), `dates` (`pairs_datetime`), `baseline`
    (two different days, and the limits), `sensors`, `error` and `speed` where the user limits them, then the
    outlier filters that the user names. All of these are reported, also with 0.

    Args:
        table: what all pixels of the cube share.
        vx, vy: (n,) float32 m/yr, NaN where the pixel has no velocity.
        parameters: the user's choices.
    """
    columns = (table.day1, table.day2, vx, vy, table.error_x, table.error_y)
    day1, day2, vx, vy, error_x, error_y = (_read_only(column) for column in columns)
    refused = screening(table, parameters)
    kept, x, y, taken = _screened(refused.reason, vx, vy, refused.min_speed, refused.max_speed)
    valid = kept.size + int(taken.sum())
    rejected = {name: int(taken[code]) for code, name in enumerate(REASONS) if name in refused.reported}
    for name in parameters.outlier_filters:
        # Which pairs are outliers is told by those that the filters before it have left.
        near = OUTLIER_FILTERS[name](x, y) if kept.size else np.zeros(0, bool)
        found = kept.size
        kept, x, y = _kept(kept, x, y, near)
        rejected[name] = found - kept.size
    kept = in_canonical_order(kept, day1, day2, (vx, vy, error_x, error_y))
    origin = np.zeros(kept.size, np.uint8) if table.dataset is None else table.dataset[kept]
    return SelectedPairs(
        kept,
        *_taken(kept, day1, day2, vx, vy, error_x, error_y),
        dataset=origin,
        valid=valid,
        rejected=rejected,
    )


def _read_only(column: np.ndarray) -> np.ndarray:
    """A read-only view: one type for the compiler, whoever may write to the array."""
    view = column.view()
    view.flags.writeable = False
    return view


def in_canonical_order(
    rows: np.ndarray, day1: np.ndarray, day2: np.ndarray, ties: tuple[np.ndarray, ...]
) -> np.ndarray:
    """Rows in the order of day1, day2, and then the columns of `ties`; NaN last.

    Pairs come sorted by their days (`PairTable`), so only runs of equal days are left to sort.
    """
    if rows.size and not _sort_ties(rows, day1, day2, ties):
        rows = rows[np.lexsort((day2[rows], day1[rows]))]
        _sort_ties(rows, day1, day2, ties)
    return rows


@njit(nogil=True, cache=True)
def _screened(reason, vx, vy, min_speed, max_speed):
    """Rows with a velocity that no filter of single pairs refuses, their velocities, and refusals by code."""
    rows = np.empty(vx.size, np.int64)
    x, y = np.empty_like(vx), np.empty_like(vy)
    taken = np.zeros(len(REASONS), np.int64)
    # Unsigned here and below: no index needs to be asked whether it counts from the end.
    kept = np.uint64(0)
    for row in range(vx.size):
        if not (np.isfinite(vx[row]) and np.isfinite(vy[row])):
            continue
        if saturated(vx[row], vy[row]):
            taken[SATURATION] += 1
        elif reason[row] != PASSED:
            taken[reason[row]] += 1
        elif outside_speeds(vx[row], vy[row], min_speed, max_speed):
            taken[SPEED] += 1
        else:
            rows[kept], x[kept], y[kept] = row, vx[row], vy[row]
            kept += np.uint64(1)
    return rows[:kept], x[:kept], y[:kept], taken


@njit(nogil=True, cache=True)
def _kept(rows, x, y, near):
    """What of three columns is near; moves instead of branches."""
    kept = np.uint64(0)
    for k in range(rows.size):
        rows[kept], x[kept], y[kept] = rows[k], x[k], y[k]
        kept += np.uint64(near[k])
    return rows[:kept], x[:kept], y[:kept]


@njit(nogil=True, cache=True)
def _sort_ties(rows, day1, day2, ties):
    """Insertion sort inside runs of equal days; False as soon as the days themselves are not in order."""
    begin, start, end = 0, day1[rows[0]], day2[rows[0]]
    for k in range(1, rows.size):
        row, at = rows[k], k
        first, second = day1[np.uint64(row)], day2[np.uint64(row)]
        if first != start or second != end:
            if first < start or (first == start and second < end):
                return False
            begin, start, end = k, first, second
        while at > begin and _before(ties, row, rows[at - 1]):
            rows[at] = rows[at - 1]
            at -= 1
        rows[at] = row
    return True


@njit(nogil=True, cache=True)
def _before(ties, a, b):
    for column in ties:
        left, right = column[a], column[b]
        if left < right:
            return True
        if left > right:
            return False
        if np.isnan(left) != np.isnan(right):
            return np.isnan(right)
    return False


@njit(nogil=True, cache=True)
def _taken(rows, day1, day2, vx, vy, error_x, error_y):
    """The columns of `SelectedPairs` after `rows`."""
    first, second = np.empty(rows.size, np.int32), np.empty(rows.size, np.int32)
    x, y = np.empty(rows.size), np.empty(rows.size)
    along_x, along_y = np.empty(rows.size), np.empty(rows.size)
    for k in range(rows.size):
        row = np.uint64(rows[k])
        first[k], second[k] = day1[row], day2[row]
        x[k], y[k] = vx[row], vy[row]
        along_x[k], along_y[k] = error_x[row], error_y[row]
    return first, second, x, y, along_x, along_y
