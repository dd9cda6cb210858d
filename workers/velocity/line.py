"""Series along a line: its points, their pixels, and the table of speeds over distance and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.calendar import Windows
from workers.lines import Walk
from workers.velocity.parameters import VelocityParameters
from workers.velocity.series import Flag, PixelSeries

NOWHERE = -1
OUTSIDE = "No cube holds this point."


@dataclass(frozen=True, slots=True)
class LineCube:
    """A cube that answers for a part of the line."""

    id: str
    href: str
    item_href: str | None
    fingerprint: str
    """`sha256:...` of the cube's metadata"""
    last_modified: str | None
    """RFC 3339, as the cube states it"""
    layers: int


@dataclass(frozen=True, slots=True, eq=False)
class LinePixel:
    """A pixel that answers for one or several points."""

    cube: str
    """Id of the cube that owns it"""
    crs: str
    """`EPSG:3413`"""
    x: float
    y: float
    """Its centre, metres in `crs`"""
    lon: float
    lat: float
    """Its centre, degrees"""
    series: PixelSeries | None
    """None where it cannot be read"""
    problem: str | None
    """Why it cannot be read"""


@dataclass(frozen=True, slots=True, eq=False)
class LineSeries:
    """The series of n points along a line over T windows, and what is needed to judge and cite them."""

    coordinates: tuple[tuple[float, float], ...]
    """The line as it was asked for: longitudes and latitudes, degrees"""
    spacing: float
    """Metres between points"""
    points: Walk
    pixel: np.ndarray
    """(n,) int64: the index in `pixels` of each point's, or NOWHERE where no cube holds the point"""
    pixels: tuple[LinePixel, ...]
    """Each once, in the order of the line"""
    cubes: tuple[LineCube, ...]
    """By name"""
    windows: Windows
    parameters: VelocityParameters
    request_sha256: str
    """Hash of line, spacing, parameters, method version and fingerprints, in hex"""
    timings: dict[str, float]
    """Seconds by stage: `catalog`, `read`, `solve`; not part of any document"""

    @property
    def problems(self) -> tuple[str | None, ...]:
        """For each point why it has no series, or None where it has."""
        return tuple(OUTSIDE if at == NOWHERE else self.pixels[at].problem for at in self.pixel)

    def column(self, name: str) -> np.ndarray:
        """(n,) float32: a figure of each point's series (`vvc`, `error_scale`); NaN where there is none."""
        return np.array(
            [np.nan if series is None else getattr(series, name) for series in self._series()], np.float32
        )

    def table(self, name: str) -> np.ndarray:
        """(n, T): the windows of each point (`v`, `count`, `quality_flag`, ...); without a series NaN, or
        flagged `no_data`."""
        flags = name == "quality_flag"
        shape = len(self.points), len(self.windows)
        whole = np.full(shape, int(Flag.no_data), np.uint8) if flags else np.full(shape, np.nan, np.float32)
        for row, series in zip(whole, self._series(), strict=True):
            if series is not None:
                row[:] = getattr(series, name)
        return whole

    def mean_speed(self) -> np.ndarray:
        """(n,) float64 m/yr: mean of `v` over time, of the windows that the record covers whole.

        Those flagged `edge` are left out: a mean over some days of a window would weigh as much as one over
        all. NaN where no window is left.
        """
        speed = self.table("v").astype(np.float64)
        speed[(self.table("quality_flag") & Flag.edge) != 0] = np.nan
        known = np.isfinite(speed)
        with np.errstate(invalid="ignore"):
            return np.where(known, speed, 0.0).sum(axis=1) / known.sum(axis=1)

    def anomaly(self) -> np.ndarray:
        """(n, T) float32 m/yr: `v` against its mean over time (Charrier et al. 2025, 4.5)."""
        return (self.table("v") - self.mean_speed()[:, None]).astype(np.float32)

    def relative_anomaly(self) -> np.ndarray:
        """(n, T) float32: the anomaly as a part of the mean; NaN on ice at rest."""
        mean = self.mean_speed()[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(mean > 0, (self.table("v") - mean) / mean, np.nan).astype(np.float32)

    def _series(self) -> list[PixelSeries | None]:
        return [None if at == NOWHERE else self.pixels[at].series for at in self.pixel]
