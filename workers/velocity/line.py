"""Series along a line: its points, the pixels that answer, and the table of speeds over distance and time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from workers.errors import OgiveError
from workers.lines import Walk
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import PointSeries
from workers.velocity.series import Flag
from workers.windows import Windows

NOWHERE = -1


@dataclass(frozen=True, eq=False)
class LineSeries:
    """The series of n points along a line over T windows, and what is needed to judge and cite them."""

    coordinates: tuple[tuple[float, float], ...]
    """The line as it was asked for: longitudes and latitudes, degrees"""
    spacing: float
    """Metres between points"""
    points: Walk
    answers: tuple[PointSeries | OgiveError, ...]
    """For each point its series, or why it has none; at least one has"""
    parameters: VelocityParameters
    timings: dict[str, float]
    """Seconds by stage: `catalog`, `read`, `solve`; not part of any document"""

    @cached_property
    def series(self) -> tuple[PointSeries | None, ...]:
        """(n) series; None where a point has none."""
        return tuple(each if isinstance(each, PointSeries) else None for each in self.answers)

    @property
    def problems(self) -> tuple[str | None, ...]:
        """(n) sentences that say why a point has no series; None where it has."""
        return tuple(each.message if isinstance(each, OgiveError) else None for each in self.answers)

    @cached_property
    def windows(self) -> Windows:
        """Those of all points, each once; the records of several cubes need not be the same."""
        told = [each.windows for each in self.series if each is not None]
        start, first = np.unique(np.concatenate([windows.start for windows in told]), return_index=True)
        return Windows(told[0].step, start, np.concatenate([windows.end for windows in told])[first])

    @cached_property
    def pixel(self) -> np.ndarray:
        """(n,) int64: the number of each point's pixel, counted along the line; NOWHERE without a series."""
        places = [
            each and (each.site.cube.reference.id, each.site.row, each.site.column) for each in self.series
        ]
        number = {place: index for index, place in enumerate(dict.fromkeys(filter(None, places)))}
        return np.array([NOWHERE if place is None else number[place] for place in places], np.int64)

    def table(self, name: str) -> np.ndarray:
        """(n, T): the windows of each point (`v`, `count`, `quality_flag`, ...); NaN, or the flag `no_data`,
        where its record has none."""
        shape = len(self.points), len(self.windows)
        if name == "quality_flag":
            whole = np.full(shape, int(Flag.no_data), np.uint8)
        else:
            whole = np.full(shape, np.nan, np.float32)
        for row, each in zip(whole, self.series, strict=True):
            if each is not None:
                row[np.searchsorted(self.windows.start, each.windows.start)] = getattr(each.series, name)
        return whole

    @cached_property
    def _anomalies(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return anomalies(self.table("v"), self.table("quality_flag"))

    @property
    def mean_speed(self) -> np.ndarray:
        """(n,) float64 m/yr: mean of `v` over time."""
        return self._anomalies[0]

    @property
    def anomaly(self) -> np.ndarray:
        """(n, T) float32 m/yr: `v` against its mean over time."""
        return self._anomalies[1]

    @property
    def relative_anomaly(self) -> np.ndarray:
        """(n, T) float32: the anomaly as a part of the mean."""
        return self._anomalies[2]


def anomalies(speed: np.ndarray, flags: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over time of each place's speed, and the speeds against it (Charrier et al. 2025, 4.5).

    Windows flagged `edge` play no part in the mean: one over some days of a window would weigh as much as one
    over all.

    Args:
        speed: (n, T) float32 m/yr, NaN for none.
        flags: (n, T) uint8, bits of `Flag`.

    Returns:
        (n,) float64 m/yr, NaN where no window is left; (n, T) float32 m/yr, the difference from it; (n, T)
        float32, that as a part of it, NaN on ice at rest.
    """
    known = np.isfinite(speed) & ((flags & Flag.edge) == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, speed.astype(np.float64), 0.0).sum(axis=1) / known.sum(axis=1)
        difference = speed - mean[:, None]
        relative = np.where(mean[:, None] > 0, difference / mean[:, None], np.nan)
    return mean, difference.astype(np.float32), relative.astype(np.float32)
