"""Where a search looks: a bbox or a geometry of GeoJSON, checked, and the boxes around it."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import shapely
from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError
from stac_pydantic.api.search import Intersection

from service.catalog.table import Box

_GEOMETRY = TypeAdapter(Annotated[Intersection, Field(discriminator="type")])


def _numbers(bbox: Any) -> Any:
    try:
        return None if bbox is None else [float(number) for number in list[Any](bbox)]
    except (TypeError, ValueError):
        raise ValueError(f"bbox {bbox!r} is no list of numbers; write west, south, east, north.") from None


def _on_earth(bbox: list[float] | None) -> list[float] | None:
    if bbox is None:
        return None
    if len(bbox) not in (4, 6):
        raise ValueError(f"bbox has {len(bbox)} numbers; write west, south, east, north in degrees.")
    if not all(map(math.isfinite, bbox)):
        raise ValueError("bbox holds a number that is not finite; write west, south, east, north in degrees.")
    west, south, east, north = _flat(bbox)
    if not (-180 <= west <= 180 and -180 <= east <= 180):
        raise ValueError(f"bbox has longitudes {west:g} and {east:g}; they must lie within -180 and 180.")
    if not (-90 <= south <= 90 and -90 <= north <= 90):
        raise ValueError(f"bbox has latitudes {south:g} and {north:g}; they must lie within -90 and 90.")
    if south > north:
        raise ValueError(f"bbox has its south ({south:g}) above its north ({north:g}); exchange the two.")
    return bbox


def _read(geometry: Any) -> Any:
    if not isinstance(geometry, str):
        return geometry
    try:
        return json.loads(geometry)
    except (ValueError, RecursionError):
        raise ValueError(f"intersects {geometry!r} is no JSON; write a GeoJSON geometry.") from None


def _valid(document: dict[str, Any] | None) -> dict[str, Any] | None:
    if document is None:
        return None
    if document.get("type") in ("Feature", "FeatureCollection"):
        raise ValueError(f"intersects is a {document['type']}; send a geometry alone, without its feature.")
    try:
        _GEOMETRY.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"][1:]))
        raise ValueError(
            f"intersects is no GeoJSON geometry: {f'{place}: ' if place else ''}{first['msg']}."
        ) from None
    shape = shapely.geometry.shape(document)
    if shape.is_empty or not all(map(math.isfinite, shape.bounds)):
        raise ValueError("intersects has no coordinates, or some that are not finite.")
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise ValueError(
            f"intersects reaches from {west:g}, {south:g} to {east:g}, {north:g}; write longitude first, "
            "within -180 and 180, then latitude, within -90 and 90, and cut it at the antimeridian."
        )
    if not shape.is_valid:
        raise ValueError(f"intersects is not a valid geometry: {shapely.is_valid_reason(shape)}.")
    return document


Bbox = Annotated[list[float] | None, BeforeValidator(_numbers), AfterValidator(_on_earth)]
"""West, south, east, north in degrees; with heights, which play no part, six numbers."""
Geometry = Annotated[dict[str, Any] | None, BeforeValidator(_read), AfterValidator(_valid)]
"""A geometry of GeoJSON, or JSON text of one."""


def boxes_of(bbox: list[float]) -> list[Box]:
    """A bbox as boxes: two for one across the antimeridian."""
    west, south, east, north = _flat(bbox)
    if west > east:
        return [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [(west, south, east, north)]


def _flat(bbox: list[float]) -> Box:
    """A bbox of four or six numbers without its heights."""
    half = len(bbox) // 2
    return bbox[0], bbox[1], bbox[half], bbox[half + 1]
