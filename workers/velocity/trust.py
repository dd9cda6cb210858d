"""Which pairs of a network may judge the others: the shortest that suffice (2.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numba import njit

from workers.velocity.informative import SHORT_BASELINE
from workers.velocity.network import Network

TRUSTED_BASELINES = (60, 90, 120, SHORT_BASELINE)
"""Days: the shortest that suffices says which longer pairs are good"""
SUFFICIENT_SHARE = 0.9
"""Of the time that pairs below the longest of them span"""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Which limits pairs lie below, as places in `TRUSTED_BASELINES`; the next place is that of no limit."""

    limit: np.ndarray
    """(m,) int64: the lowest that each pair's baseline lies below"""
    spanned: np.ndarray
    """(p - 1,) int64: the lowest of the pairs that span each interval between successive dates; where none
    does, one more than without limit"""
    pairs: np.ndarray
    """(limits + 1,) int64: how many pairs each place is the lowest of"""
    time: np.ndarray
    """(limits + 2,) int64: how many days each place is the lowest of, for the pairs that span them"""

    @classmethod
    def of(cls, network: Network) -> Reach:
        """The reach of the pairs of a network."""
        limits = np.array(TRUSTED_BASELINES)
        return cls(*_reach(network.first, network.second, network.baseline, limits, network.days))

    @property
    def only_long(self) -> np.ndarray:
        """(p - 1,) bool: intervals that no pair below 180 days spans."""
        return self.spanned >= len(TRUSTED_BASELINES)


def trusted_baseline(network: Network, reach: Reach) -> int:
    """The shortest baseline (days) below which pairs suffice to judge the others; 180 where none does.

    They suffice if they are as many as the dates and span nine tenths of the time that pairs below 180 days
    span: the shorter a pair, the less it can decorrelate.
    """
    pairs, time = (list(accumulate(each.tolist())) for each in (reach.pairs, reach.time))
    longest = time[len(TRUSTED_BASELINES) - 1]
    for number, limit in enumerate(TRUSTED_BASELINES[:-1]):
        if pairs[number] >= network.days.size and time[number] >= SUFFICIENT_SHARE * longest:
            return limit
    return TRUSTED_BASELINES[-1]


def reference(network: Network, reach: Reach, limit: int) -> np.ndarray:
    """(m,) bool: pairs below a limit, and longer ones, in turn, that span what no shorter one does."""
    return _reference(
        network.first, network.second, reach.limit, reach.spanned, TRUSTED_BASELINES.index(limit)
    )


@njit(nogil=True, cache=True)
def _reach(first, second, baseline, limits, days):
    lowest, counted = np.empty(first.size, np.int64), np.zeros(limits.size + 1, np.int64)
    change = np.zeros((limits.size + 1, days.size), np.int64)
    for e in range(first.size):
        number = 0
        for limit in limits:
            number += baseline[e] >= limit
        lowest[e] = number
        counted[number] += 1
        change[number, first[e]] += 1
        change[number, second[e]] -= 1
    spanned = np.full(days.size - 1, limits.size + 1)
    for number in range(limits.size, -1, -1):
        pairs = 0
        for k in range(days.size - 1):
            pairs += change[number, k]
            if pairs > 0:
                spanned[k] = number
    time = np.zeros(limits.size + 2, np.int64)
    for k in range(spanned.size):
        time[spanned[k]] += days[k + 1] - days[k]
    return lowest, spanned, counted, time


@njit(nogil=True, cache=True)
def _reference(first, second, limit, spanned, trusted):
    # A pair spans its own intervals: none of them is left to a higher limit than its own.
    before = np.zeros((spanned.max() + 1, spanned.size + 1), np.int64)
    for k in range(spanned.size):
        for number in range(before.shape[0]):
            before[number, k + 1] = before[number, k] + (spanned[k] == number)
    chosen = np.empty(first.size, np.bool_)
    for e in range(first.size):
        helps = limit[e] < before.shape[0] and before[limit[e], second[e]] > before[limit[e], first[e]]
        chosen[e] = helps or limit[e] <= trusted
    return chosen
