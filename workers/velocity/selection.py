"""The pairs of one pixel that enter its inversion: filtered, and in an order that no storage can change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from workers.cubes.pairs import PairTable
from workers.velocity import filters
from workers.velocity.parameters import VelocityParameters


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
    valid: int
    """Pairs with a velocity at the pixel, before any filter"""
    rejected: dict[str, int]
    """Pairs that each filter took from what the ones before it had left, in their order"""

    def __len__(self) -> int:
        return self.rows.size


def select_pairs(
    table: PairTable, vx: np.ndarray, vy: np.ndarray, parameters: VelocityParameters
) -> SelectedPairs:
    """Filter the pairs of one pixel and put them in canonical order.

    The filters, in order: `saturation` (a stored int16 at its limit), `dates` (`pairs_datetime`), `baseline`
    (two different days), `median_angle` (with its rule for slow ice). All are reported, also with 0.

    Args:
        table: what all pixels of the cube share.
        vx, vy: (n,) float32 m/yr, NaN where the pixel has no velocity.
        parameters: the user's choices.
    """
    rows = np.flatnonzero(np.isfinite(vx) & np.isfinite(vy))
    valid = rows.size
    # Double precision, so that what lies near a limit falls on one side whatever the type it came in.
    x, y = vx[rows].astype(np.float64), vy[rows].astype(np.float64)
    day1, day2 = table.day1[rows], table.day2[rows]
    rejected: dict[str, int] = {}

    def apply(name: str, keep: np.ndarray) -> None:
        nonlocal rows, x, y, day1, day2
        rejected[name] = int(keep.size - np.count_nonzero(keep))
        if rejected[name]:
            rows, x, y, day1, day2 = rows[keep], x[keep], y[keep], day1[keep], day2[keep]

    apply("saturation", filters.unsaturated(x, y))
    interval = parameters.pair_interval
    inside = np.ones(rows.size, bool) if interval is None else filters.within_dates(day1, day2, interval)
    apply("dates", inside)
    apply("baseline", filters.within_baselines(day1, day2))
    apply("median_angle", filters.near_median_direction(x, y) if rows.size else np.ones(0, bool))

    error_x, error_y = table.error_x[rows].astype(np.float64), table.error_y[rows].astype(np.float64)
    order = canonical_order(day1, day2, (x, y, error_x, error_y))
    return SelectedPairs(
        rows=rows[order],
        day1=day1[order],
        day2=day2[order],
        vx=x[order],
        vy=y[order],
        error_x=error_x[order],
        error_y=error_y[order],
        valid=int(valid),
        rejected=rejected,
    )


def canonical_order(day1: np.ndarray, day2: np.ndarray, ties: tuple[np.ndarray, ...]) -> np.ndarray:
    """(m,) int64: the order by day1, day2, and then the columns of `ties`; NaN last.

    Pairs come sorted by their days (`PairTable`), so only runs of equal days are left to sort.
    """
    key = (day1.astype(np.int64) << 32) + day2
    order = np.arange(key.size)
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
    columns = np.stack([column[order] for column in ties], axis=1)
    _sort_ties(key[order], columns, order)
    return order


@njit(nogil=True, cache=True)
def _sort_ties(key, columns, order):
    """Insertion sort of the rows of `columns`, with `order`, inside runs of equal keys."""
    for k in range(1, key.size):
        at = k
        while at > 0 and key[at - 1] == key[at] and _before(columns, at, at - 1):
            for c in range(columns.shape[1]):
                columns[at, c], columns[at - 1, c] = columns[at - 1, c], columns[at, c]
            order[at], order[at - 1] = order[at - 1], order[at]
            at -= 1


@njit(nogil=True, cache=True)
def _before(columns, a, b):
    for c in range(columns.shape[1]):
        left, right = columns[a, c], columns[b, c]
        if left < right:
            return True
        if left > right:
            return False
        if np.isnan(left) != np.isnan(right):
            return np.isnan(right)
    return False
