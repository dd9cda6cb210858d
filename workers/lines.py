"""Lines in degrees, walked along the ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from workers.errors import Bbox, InvalidRequest, TooLarge

MAX_POINTS = 500
_WGS84 = Geod(ellps="WGS84")
_ROUNDING = 1e-9
"""A last point that rounding alone puts beyond the end of the line still belongs to it"""


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Points at equal distances along a line."""

    length: float
    """Of the whole line, metres along the ground"""
    distance: np.ndarray
    """(n,) metres from the first vertex"""
    lon: np.ndarray
    """(n,) degrees, -180 to 180"""
    lat: np.ndarray
    """(n,) degrees"""

    def __len__(self) -> int:
        return self.distance.size

    @property
    def bbox(self) -> Bbox:
        """The box in degrees around the points; west > east where the line crosses 180 degrees."""
        east_of = np.unwrap(self.lon, period=360.0)
        west, east = float(east_of.min()), float(east_of.max())
        if east - west >= 360:
            west, east = -180.0, 180.0
        return _wrapped(west), float(self.lat.min()), _wrapped(east), float(self.lat.max())


def walk(coordinates: Sequence[Sequence[float]], spacing: float, most: int = MAX_POINTS) -> Walk:
    """The points of a line: its first vertex, and then one every `spacing` metres, up to its end.

    Between two vertices the line is the shortest on the WGS 84 ellipsoid.

    Args:
        coordinates: longitude and latitude of the vertices, degrees; a height after them plays no part.
        spacing: metres.
        most: how many points there may be.

    Raises:
        InvalidRequest: a vertex is no place on the globe, there are fewer than two different ones, or the
            spacing is not a positive number of metres up to the length of the line.
        TooLarge: there would be more points than that; tells the spacing that fits.
    """
    vertices = _checked(coordinates)
    lon, lat = vertices[:, 0], vertices[:, 1]
    azimuth, _, pieces = _WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    along = np.concatenate([[0.0], np.cumsum(pieces)])
    length = float(along[-1])
    if length == 0:
        raise InvalidRequest(
            "A line needs two different points; all of this one are the same.", "coordinates"
        )
    if not (math.isfinite(spacing) and 0 < spacing <= length):
        raise InvalidRequest(
            f"spacing is {spacing:g} m; it must lie above 0 and not exceed the line, which is {length:.0f} m "
            "long.",
            "spacing",
        )
    points = math.floor(length / spacing + _ROUNDING) + 1
    if points > most:
        fits = math.ceil(length / max(1, most - 1))
        raise TooLarge(
            f"A point every {spacing:g} m makes {points} of a line of {length:.0f} m; the limit is "
            f"{most} points: a spacing of {fits} m fits.",
            {"max_points": most},
            [],
        )
    distance = float(spacing) * np.arange(points)
    piece = np.clip(np.searchsorted(along, distance, side="right") - 1, 0, pieces.size - 1)
    east, north, _ = _WGS84.fwd(lon[piece], lat[piece], azimuth[piece], distance - along[piece])
    return Walk(length, distance, np.asarray(east), np.asarray(north))


def _checked(coordinates: Sequence[Sequence[float]]) -> np.ndarray:
    """(k, 2) longitudes and latitudes."""
    if len(coordinates) < 2:
        raise InvalidRequest(
            f"A line needs at least two points; this one has {len(coordinates)}.", "coordinates"
        )
    for index, vertex in enumerate(coordinates):
        numbers = [x for x in vertex if isinstance(x, int | float) and math.isfinite(x)]
        if len(vertex) < 2 or len(numbers) != len(vertex):
            raise InvalidRequest(
                f"Point {index} of the line is {list(vertex)}; it needs a longitude and a latitude, degrees.",
                "coordinates",
            )
        for name, value, limit in (("longitude", vertex[0], 180), ("latitude", vertex[1], 90)):
            if not -limit <= value <= limit:
                raise InvalidRequest(
                    f"Point {index} of the line has {name} {value:g}; it must lie between -{limit} and "
                    f"{limit} degrees.",
                    "coordinates",
                )
    return np.array([vertex[:2] for vertex in coordinates], np.float64)


def _wrapped(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0 if not -180.0 <= lon <= 180.0 else lon
