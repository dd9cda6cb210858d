"""How the axes of a projection lie on the ground at a place, and how much longer its map is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from workers.regions import to_grid

_WGS84 = Geod(ellps="WGS84")
_ARM = 500.0
"""Metres to each side of the place: short where projections bend, long where coordinates are rounded"""


@dataclass(frozen=True, slots=True)
class GroundAxes:
    """True east and north at a place, as unit vectors along the axes of a projection.

    Vectors keep their length on the ground: that of a map is longer by `scale`. ITS_LIVE's velocities have
    ground length; displacements taken from projected coordinates do not (1.03 near 61 degrees north in
    EPSG:3413).
    """

    east: tuple[float, float]
    north: tuple[float, float]
    scale: float
    """Length on the map over length on the ground"""

    def along_grid(self, east: np.ndarray, north: np.ndarray) -> np.ndarray:
        """(k, 2) vectors along x and y from (k,) parts towards east and north."""
        return np.outer(east, self.east) + np.outer(north, self.north)


def ground_axes(epsg: int, lon: float, lat: float) -> GroundAxes:
    """The axes at a place, degrees, from short lines on the ellipsoid both ends of which are projected."""
    (east, wide), (north, tall) = (_direction(epsg, lon, lat, azimuth) for azimuth in (90.0, 0.0))
    return GroundAxes(east, north, float(np.sqrt(wide * tall)))


def _direction(epsg: int, lon: float, lat: float, azimuth: float) -> tuple[tuple[float, float], float]:
    """Where an azimuth leads on the map, as a unit vector, and the scale along it."""
    lons, lats, _ = _WGS84.fwd([lon] * 2, [lat] * 2, [azimuth, azimuth + 180.0], [_ARM] * 2)
    x, y = to_grid(epsg).transform(lons, lats)
    across, up = x[0] - x[1], y[0] - y[1]
    length = float(np.hypot(across, up))
    return (float(across / length), float(up / length)), length / (2 * _ARM)
