"""What the ice of a synthetic cube really does, in closed form at every pixel."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import zarr

from workers.errors import CubeInvalid, SourceUnavailable

PERIOD_DAYS = 365.25
YEAR_DAYS = 365.0
_MAPS = ("mean", "sine", "cosine", "pulse")
_DESCRIPTION = (
    "v(t) = mean + sine sin(2 pi t / 365.25) + cosine cos(2 pi t / 365.25) + pulse sech2((t - pulse_day) / "
    "pulse_scale_days), t in days since 1970-01-01, v in meter/year of 365 days; component 0 is vx, 1 is vy"
)


def truth_path(cube: str) -> str:
    """Where the truth of a cube lies: beside it, `NAME.truth.zarr` for `NAME.zarr`."""
    return os.fspath(cube).rstrip("/").removesuffix(".zarr") + ".truth.zarr"


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Velocity of a window of pixels: an offset, an annual cycle (Charrier et al. 2025, App. C) and a pulse.

    v(t) = mean + sine sin(2 pi t / T) + cosine cos(2 pi t / T) + pulse sech^2((t - pulse_day) / pulse_scale),
    T = 365.25 days, t in days since 1970-01-01, v in m/yr of 365 days.
    """

    mean: np.ndarray
    """(2, height, width) float64, m/yr; first vx, then vy; so are the next three"""
    sine: np.ndarray
    cosine: np.ndarray
    pulse: np.ndarray
    pulse_day: np.ndarray
    """(height, width) float64, day of the fastest surge"""
    pulse_scale: float
    """Days"""

    def window(self, row: int, column: int, height: int, width: int) -> Truth:
        """The truth of a part of this one's pixels."""
        part = (..., slice(row, row + height), slice(column, column + width))
        return replace(self, **{name: getattr(self, name)[part].copy() for name in (*_MAPS, "pulse_day")})

    def positions(self, days: np.ndarray) -> np.ndarray:
        """(D, 2, height, width) float64: displacement in metres at given days, from an arbitrary origin."""
        t = np.asarray(days, np.float64)[:, None, None, None]
        omega = 2.0 * np.pi / PERIOD_DAYS
        metres = self.mean * t + (self.cosine * np.sin(omega * t) - self.sine * np.cos(omega * t)) / omega
        if self.pulse.any():
            pulse = np.tanh((t - self.pulse_day) / self.pulse_scale)
            metres += self.pulse * (self.pulse_scale * pulse)
        return metres / YEAR_DAYS

    def window_means(
        self, row: int, column: int, start_days: np.ndarray, end_days: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """True mean vx and vy over windows `[start, end)` at one pixel, each (T,) float64, m/yr; exact.

        Raises:
            IndexError: the cube has no such pixel.
        """
        height, width = self.pulse_day.shape
        if not (0 <= row < height and 0 <= column < width):
            raise IndexError(f"pixel ({row}, {column}) lies outside the truth of {height} x {width} pixels")
        start, end = (np.atleast_1d(np.asarray(days, np.float64)) for days in (start_days, end_days))
        pixel = self.window(row, column, 1, 1)
        metres = (pixel.positions(end) - pixel.positions(start))[:, :, 0, 0]
        vx, vy = (metres / (end - start)[:, None] * YEAR_DAYS).T
        return vx, vy

    def write(self, path: str, attributes: dict[str, Any]) -> None:
        """Store it as a Zarr group of its parameters, with further attributes."""
        group = zarr.open_group(path, mode="w", zarr_format=3)
        for name in _MAPS:
            group.create_array(name, data=getattr(self, name), dimension_names=("component", "y", "x"))
        group.create_array("pulse_day", data=self.pulse_day, dimension_names=("y", "x"))
        scale = {"pulse_scale_days": self.pulse_scale}
        group.attrs.update(attributes | scale | {"description": _DESCRIPTION, "units": "meter/year"})

    @classmethod
    def read(cls, path: str) -> Truth:
        """Read what `write` has stored.

        Raises:
            SourceUnavailable: there is no truth at this path.
            CubeInvalid: something else is stored there.
        """
        try:
            group = zarr.open_group(path, mode="r")
        except FileNotFoundError:
            raise SourceUnavailable(
                f"No truth is stored at {path}; it lies beside a synthetic cube, as NAME.truth.zarr.",
                "source-zarr",
            ) from None
        present = {*group.keys(), *group.attrs}
        absent = [name for name in (*_MAPS, "pulse_day", "pulse_scale_days") if name not in present]
        if absent:
            raise CubeInvalid(f"{path} holds no truth of a synthetic cube: it lacks {', '.join(absent)}.")
        maps = {name: group[name][...] for name in (*_MAPS, "pulse_day")}
        return cls(**maps, pulse_scale=float(group.attrs["pulse_scale_days"]))
