"""Pairs dealt by their images, so that a fit can be judged by pairs whose images it has never seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from workers.errors import InvalidRequest
from workers.velocity.selection import SelectedPairs

_SEED = 1


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One part of the images held out."""

    seen: SelectedPairs
    """Pairs with neither image held out: what is fitted"""
    unseen: SelectedPairs
    """Pairs with both images held out, and both dates inside the record that is fitted"""

    @property
    def record(self) -> tuple[int, int]:
        """The first day1 and the last day2 of the pairs that are fitted."""
        return int(self.seen.day1[0]), int(self.seen.day2.max())


def deal(dates: int, folds: int, number: int = 0) -> np.ndarray:
    """(dates,) int64: the fold of each date, always the same for as many dates and the same deal."""
    return np.random.default_rng(_SEED + number).integers(0, folds, dates)


def image_folds(selected: SelectedPairs, folds: int = 5) -> Iterator[Fold]:
    """Deal the dates of a pixel to folds; yield those that have pairs to fit and pairs to predict.

    A pair left out alone shares its images with pairs that stay, so that a method which copies the errors of
    images would be rewarded. The deal is the same for the same dates.

    Args:
        selected: the pixel's pairs.
        folds: into how many parts the dates are dealt.

    Raises:
        InvalidRequest: `folds` is below 2.
    """
    if folds < 2:
        raise InvalidRequest(f"folds is {folds}; at least 2 are needed to hold anything out.", "folds")
    dates = np.unique(np.concatenate([selected.day1, selected.day2]))
    fold = deal(dates.size, folds)
    fold1 = fold[np.searchsorted(dates, selected.day1)]
    fold2 = fold[np.searchsorted(dates, selected.day2)]
    for held in range(folds):
        seen = selected.part((fold1 != held) & (fold2 != held))
        if not len(seen):
            continue
        inside = (selected.day1 >= seen.day1[0]) & (selected.day2 <= seen.day2.max())
        unseen = selected.part((fold1 == held) & (fold2 == held) & inside)
        if len(unseen):
            yield Fold(seen, unseen)
