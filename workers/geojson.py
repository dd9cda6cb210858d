"""Places as GeoJSON (RFC 7946): the geometries that a request for series may hold, as plain coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from geojson_pydantic import Feature, LineString, MultiPoint, Point
from pydantic import BaseModel, Field

from workers.errors import InvalidRequest

__all__ = [
    "AnyPlaces",
    "GeoJson",
    "Geometry",
    "Place",
    "PlaceFeature",
    "PlaceFeatures",
    "line_of",
    "places_of",
]

Geometry = Annotated[Point | MultiPoint | LineString, Field(discriminator="type")]


class PlaceFeature(Feature[Geometry, dict[str, Any] | None]):
    """A feature whose geometry is a place, several, or a line."""

    properties: dict[str, Any] | None = None


class PlaceFeatures(BaseModel):
    """Features, each of them places."""

    type: Literal["FeatureCollection"]
    features: list[PlaceFeature] = Field(min_length=1)


Line = list[tuple[float, float]]
"""Longitudes and latitudes of its vertices, degrees"""
AnyPlaces = Point | MultiPoint | LineString | PlaceFeature | PlaceFeatures
GeoJson = Annotated[AnyPlaces, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Place:
    """A place that was asked for, degrees."""

    lon: float
    lat: float
    told: dict[str, Any] = field(default_factory=dict)
    """What else the request said of it: the id of its feature, or x, y and crs"""


def places_of(value: AnyPlaces) -> list[Place]:
    """The places of a GeoJSON object, in its order; those of a feature with an id carry it.

    Raises:
        InvalidRequest: a place is not on the globe, or there is a line, whose places a spacing makes.
    """
    if isinstance(value, PlaceFeatures):
        features = enumerate(value.features)
        return [place for n, feature in features for place in _of(feature, f"features.{n}.geometry")]
    return list(_of(value, "geometry" if isinstance(value, PlaceFeature) else ""))


def line_of(value: AnyPlaces) -> Line | None:
    """The coordinates of a line, alone or as a feature; None where the object is none.

    Raises:
        InvalidRequest: a place is not on the globe, or all are the same.
    """
    geometry = value.geometry if isinstance(value, PlaceFeature) else value
    if not isinstance(geometry, LineString):
        return None
    where = "geometry.coordinates" if isinstance(value, PlaceFeature) else "coordinates"
    line = [_checked(position, f"{where}.{n}") for n, position in enumerate(geometry.coordinates)]
    if len(set(line)) < 2:
        raise InvalidRequest("A line needs two different points; all of this one are the same.", where)
    return line


def _of(value: AnyPlaces, where: str) -> Iterator[Place]:
    geometry, told = value, {}
    if isinstance(value, PlaceFeature):
        geometry, told = value.geometry, {} if value.id is None else {"id": value.id}
    prefix = f"{where}." if where else ""
    if isinstance(geometry, LineString):
        raise InvalidRequest("A LineString is asked for alone, not among other features.", where or "type")
    if isinstance(geometry, Point):
        yield Place(*_checked(geometry.coordinates, f"{prefix}coordinates"), told)
    elif isinstance(geometry, MultiPoint):
        if not geometry.coordinates:
            message = "The MultiPoint has no coordinates; one place at least is needed."
            raise InvalidRequest(message, f"{prefix}coordinates")
        for n, position in enumerate(geometry.coordinates):
            yield Place(*_checked(position, f"{prefix}coordinates.{n}"), told)
    else:
        raise InvalidRequest("The feature has no geometry; a place is needed.", where)


def _checked(position: Any, where: str) -> tuple[float, float]:
    lon, lat = float(position[0]), float(position[1])
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidRequest(
            f"[{lon:g}, {lat:g}] leaves the globe: longitudes are -180 to 180, latitudes -90 to 90, "
            "in this order.",
            where,
        )
    return lon, lat
