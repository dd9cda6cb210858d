"""Where an EDR query asks: WKT coordinates or a box, in the CRS that it names."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyproj
import shapely

from workers.errors import InvalidRequest
from workers.regions import CRS84, to_grid

__all__ = ["Place", "box_of", "crs_of", "crs_uri", "place_of"]

_CRS84 = {CRS84, "CRS84", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84"}
_EPSG = re.compile(r"(?:EPSG:|http://www\.opengis\.net/def/crs/EPSG/0/|urn:ogc:def:crs:EPSG::)(\d{4,6})")
_VERTICES = 10_000
_PARTS = 32


@dataclass(frozen=True, slots=True)
class Place:
    """A geometry in two dimensions with straight edges in its own CRS."""

    shape: shapely.Geometry
    epsg: int | None
    """A projected CRS; None for longitude and latitude"""

    def coordinates(self, x: np.ndarray, y: np.ndarray, epsg: int) -> tuple[np.ndarray, np.ndarray]:
        """Places of a projected CRS in the one of this place."""
        if self.epsg == epsg:
            return x, y
        x, y = to_grid(epsg).transform(x, y, direction="INVERSE")
        return (x, y) if self.epsg is None else to_grid(self.epsg).transform(x, y)

    def project(self, points: np.ndarray, epsg: int) -> np.ndarray:
        """(N, 2) points of this place's CRS in a projected one; infinite where it does not reach."""
        if self.epsg == epsg:
            return points
        x, y = points.T
        if self.epsg is not None:
            x, y = to_grid(self.epsg).transform(x, y, direction="INVERSE")
        return np.column_stack(to_grid(epsg).transform(x, y))

    @property
    def globe(self) -> shapely.Geometry:
        """The place in longitude and latitude.

        Raises:
            InvalidRequest: its CRS does not reach there.
        """
        if self.epsg is None:
            return self.shape
        west, south, east, north = self.shape.bounds
        part = max(east - west, north - south) / _PARTS
        dense = shapely.segmentize(self.shape, part) if part > 0 else self.shape
        lon, lat = to_grid(self.epsg).transform(*shapely.get_coordinates(dense).T, direction="INVERSE")
        if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
            raise InvalidRequest(f"coords reach beyond what EPSG:{self.epsg} can tell.", "coords")
        return shapely.set_coordinates(dense, np.column_stack([lon, lat]))


def crs_of(text: str) -> int | None:
    """The EPSG code of a projected CRS, None for CRS84.

    Raises:
        InvalidRequest: it is neither.
    """
    if text in _CRS84:
        return None
    match = _EPSG.fullmatch(text)
    try:
        crs = None if match is None else pyproj.CRS.from_epsg(int(match[1]))
    except pyproj.exceptions.CRSError:
        crs = None
    if crs is None or not crs.is_projected:
        raise InvalidRequest(
            f"crs {text!r} is not understood; write {CRS84} for longitude and latitude, or the EPSG code "
            "of a projected CRS such as EPSG:32607.",
            "crs",
        )
    return int(match[1])


def crs_uri(epsg: int | None) -> str:
    """How OGC names a CRS."""
    return CRS84 if epsg is None else f"http://www.opengis.net/def/crs/EPSG/0/{epsg}"


def place_of(coords: str, epsg: int | None, kinds: Collection[str]) -> Place:
    """Read WKT of one of these geometry types; heights are ignored.

    Raises:
        InvalidRequest: it is none, has no finite coordinates, is not valid or leaves the globe.
    """
    wanted = " or ".join(kinds)
    try:
        shape = shapely.from_wkt(coords)
    except shapely.errors.GEOSException as error:
        raise InvalidRequest(f"coords is no WKT ({error}); write a {wanted}.", "coords") from None
    if shape.geom_type.upper() not in kinds:
        raise InvalidRequest(f"coords is a {shape.geom_type.upper()}; write a {wanted}.", "coords")
    if shapely.has_m(shape):
        raise InvalidRequest("coords has moments (M); ask for them with datetime.", "coords")
    shape = shapely.force_2d(shape)
    points = shapely.get_coordinates(shape)
    if not 0 < len(points) <= _VERTICES or not np.isfinite(points).all():
        raise InvalidRequest(
            f"coords has {len(points)} places, or one that is not finite; write 1 to {_VERTICES}.", "coords"
        )
    if not shape.is_valid:
        raise InvalidRequest(f"coords is not valid: {shapely.is_valid_reason(shape)}.", "coords")
    place = Place(shape, epsg)
    _check_globe(place, "coords")
    return place


def box_of(text: str, epsg: int | None) -> list[Place]:
    """Read a box `west,south,east,north`: two places where it crosses the antimeridian, else one.

    Raises:
        InvalidRequest: it is none, or is empty.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # heights among them
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise InvalidRequest(f"bbox {text!r} is no box; write west,south,east,north.", "bbox")
    west, south, east, north = numbers
    if south > north or (epsg is not None and west > east):
        raise InvalidRequest(f"bbox {text} is reversed; write west,south,east,north.", "bbox")
    boxes = [(west, south, 180.0, north), (-180.0, south, east, north)] if west > east else [tuple(numbers)]
    places = [Place(shapely.box(*box), epsg) for box in boxes]
    for place in places:
        _check_globe(place, "bbox")
    return places


def _check_globe(place: Place, where: str) -> None:
    west, south, east, north = place.globe.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise InvalidRequest(
            f"{where} reaches from {west:g}, {south:g} to {east:g}, {north:g}; write longitude first, within "
            "-180 and 180, then latitude, within -90 and 90, or name another crs.",
            where,
        )
