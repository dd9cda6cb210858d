"""Pairs of one pixel: written down, made from a known truth, or real."""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from workers.cubes.pairs import PairTable
from workers.velocity.guess import DailyGuess, mean_guess
from workers.velocity.invert import invert_pixel
from workers.velocity.merged_guess import merged_guess
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import SelectedPairs, select_pairs
from workers.velocity.series import PixelSeries
from workers.windows import Windows

FIRST_DAY = 16_500
FLOW = np.array([0.8, -0.6])
YEAR = 365.0


@dataclass
class Pixel:
    """n pairs of one pixel, as a cube hands them over."""

    table: PairTable
    vx: np.ndarray
    vy: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Pixel:
        table = self.table
        parts = (table.day1, table.day2, table.error_x, table.error_y, table.sensor)
        picked = PairTable(*(part[rows] for part in parts), table.sensors, table.order[rows])
        return Pixel(picked, self.vx[rows], self.vy[rows])

    def select(self, **parameters) -> SelectedPairs:
        return select_pairs(self.table, self.vx, self.vy, VelocityParameters(**parameters))

    def invert(
        self, start: DailyGuess | None = None, margin: int = 0, **parameters
    ) -> tuple[PixelSeries, Windows]:
        """The series over the pixel's whole record and some days more, alone or from a guess given."""
        chosen = VelocityParameters(**parameters)
        selected = select_pairs(self.table, self.vx, self.vy, chosen)
        first, last = int(self.table.day1.min()), int(self.table.day2.max())
        windows = chosen.windows(first - margin, last + margin)
        if start is None:
            start = mean_guess([None] * 4 + [merged_guess(selected, chosen.guess)] + [None] * 4)
        return invert_pixel(selected, start, windows, chosen), windows


def pixel_of(day1, day2, vx, vy, error_x=1.0, error_y=1.0) -> Pixel:
    """Pairs in the canonical order of a `PairTable`."""
    day1, day2 = np.asarray(day1, np.int32), np.asarray(day2, np.int32)
    order = np.lexsort((day2, day1))
    columns = [np.broadcast_to(np.asarray(c, np.float32), day1.shape)[order] for c in (error_x, error_y)]
    table = PairTable(
        day1[order], day2[order], *columns, np.zeros(day1.size, np.uint8), ("?",), order.astype(np.int64)
    )
    vx, vy = (np.broadcast_to(np.asarray(c, np.float32), day1.shape)[order] for c in (vx, vy))
    return Pixel(table, vx, vy)


@pytest.fixture
def pixel() -> Callable[..., Pixel]:
    return pixel_of


@dataclass
class Scenario:
    """A pixel with its truth."""

    pixel: Pixel
    path: Callable[[np.ndarray], np.ndarray]
    """Distance along the flow (m) at days"""

    def positions(self, days: np.ndarray) -> np.ndarray:
        """True positions (p, 2) in metres at days, zero at the first."""
        along = self.path(np.asarray(days))
        return np.outer(along - along[0], FLOW)

    def speed(self, windows: Windows) -> np.ndarray:
        """True mean speed of windows, m/yr."""
        moved = self.path(windows.end) - self.path(windows.start)
        return moved / (windows.end - windows.start) * YEAR


def _path(surge: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Integral of 0.49 - 0.0788 sin + 0.018 cos m/day (appendix C), and of a pulse of 5 m/day."""

    def path(days: np.ndarray) -> np.ndarray:
        day = np.asarray(days, np.float64) - FIRST_DAY
        phase = 2 * np.pi / 365.25
        along = 0.49 * day + (0.0788 * np.cos(phase * day) + 0.018 * np.sin(phase * day)) / phase
        return along + (300.0 * np.tanh((day - 1700) / 60) if surge else 0.0)

    return path


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    """Make a pixel as in appendix C: dates every five days, thinned by clouds, with errors."""

    def make(
        pairs: int = 1500,
        years: int = 4,
        seed: int = 0,
        *,
        dates: int = 150,
        surge: bool = False,
        baselines: tuple[int, int] = (5, 400),
        date_noise: float = 0.0,
        pair_noise: float = 0.0,
        stated: float | None = None,
        blunders: float = 0.0,
        decorrelated: float = 0.0,
        decorrelated_beyond: int = 60,
    ) -> Scenario:
        rng = np.random.default_rng(seed)
        path = _path(surge)
        days = FIRST_DAY + 5 * np.sort(rng.choice(years * 73, dates, replace=False))
        first, second = np.triu_indices(dates, 1)
        baseline = days[second] - days[first]
        kept = np.flatnonzero((baseline >= baselines[0]) & (baseline <= baselines[1]))
        chosen = rng.choice(kept, pairs, replace=pairs > kept.size)
        first, second, baseline = first[chosen], second[chosen], baseline[chosen]
        moved = np.outer(path(days[second]) - path(days[first]), FLOW)
        # A pair that decorrelates reads 0-60 % of the motion; it needs some time for that.
        lost = (baseline > decorrelated_beyond) & (rng.random(pairs) < decorrelated)
        moved[lost] *= rng.uniform(0.0, 0.6, lost.sum())[:, None]
        images = rng.normal(0.0, 1.0, (dates, 2)) * date_noise
        moved += images[second] - images[first] + rng.normal(0.0, 1.0, (pairs, 2)) * pair_noise
        wild = rng.random(pairs) < blunders
        moved[wild] += rng.normal(0.0, 60.0, (wild.sum(), 2))
        metres = np.hypot(date_noise * np.sqrt(2), pair_noise) if stated is None else stated
        velocity = moved / baseline[:, None] * YEAR
        error = metres / baseline * YEAR
        return Scenario(
            pixel_of(days[first], days[second], velocity[:, 0], velocity[:, 1], error, error), path
        )

    return make


@pytest.fixture(scope="session")
def jakobshavn() -> Pixel:
    """4 225 real pairs of one pixel of Jakobshavn Isbrae (ITS_LIVE, CC-BY-4.0)."""
    folder = os.environ.get("OGIVE_TEST_DATA")
    if folder is None:
        pytest.skip("OGIVE_TEST_DATA is unset")
    with next(Path(folder, "jakobshavn").glob("*.csv")).open() as file:
        rows = list(csv.DictReader(file))

    def days(name: str) -> list[int]:
        return [(dt.date.fromisoformat(row[name][:10]) - dt.date(1970, 1, 1)).days for row in rows]

    def column(name: str) -> list[float]:
        return [float(row[name]) for row in rows]

    return pixel_of(
        days("acquisition_date_img1"),
        days("acquisition_date_img2"),
        *map(column, ("vx", "vy", "vx_error", "vy_error")),
    )
