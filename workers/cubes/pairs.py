"""The image pairs of a cube: their 1-D table, and the velocities of a window of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """What all pixels of a cube share: n pairs in canonical order (day1, day2, then errors and sensor).

    Days are UTC calendar days since 1970-01-01, floored once (`method`: exact times make the system
    singular); day1 <= day2 always, a pair stored with swapped dates is turned round.
    """

    day1: np.ndarray
    """(n,) int32"""
    day2: np.ndarray
    """(n,) int32"""
    error_x: np.ndarray
    """(n,) float32, stated 1-sigma error of vx, m/yr; NaN where the cube states none"""
    error_y: np.ndarray
    """(n,) float32, stated 1-sigma error of vy, m/yr; NaN where the cube states none"""
    sensor: np.ndarray
    """(n,) uint8, index into `sensors`"""
    sensors: tuple[str, ...]
    """Clean names of mission and satellite of the first image: `L8`, `S1A`, `S2B`; `?` where unknown"""
    order: np.ndarray
    """(n,) int64, layer of the cube at which each pair is stored"""
    dataset: np.ndarray | None = None
    """(n,) uint8, index into `datasets`; None where all pairs are of one cube"""
    datasets: tuple[str, ...] = ()
    """Names of the data sets that the pairs come from, where several are merged"""

    def __len__(self) -> int:
        return self.day1.size

    @property
    def record(self) -> tuple[int, int]:
        """The first day1 and the last day2."""
        return int(self.day1[0]), int(self.day2.max())


@dataclass(frozen=True, slots=True, eq=False)
class PairBlock:
    """Velocities of a window of pixels, in the order of the cube's `PairTable`."""

    row: int
    column: int
    vx: np.ndarray
    """(height, width, n) float32, m/yr along the projection's x axis, NaN where missing"""
    vy: np.ndarray
    """(height, width, n) float32, m/yr along the projection's y axis, NaN where missing"""
