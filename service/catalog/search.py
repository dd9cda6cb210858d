"""What a search asks for: the parameters of STAC API Item Search 1.0.0, checked and given a meaning."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal

import shapely
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from stac_pydantic.api.search import Intersection

from service.catalog.fields import Fields
from service.catalog.filtering import Filter
from service.catalog.moments import Period, Span, span
from service.catalog.ordering import Order, SortKey
from service.catalog.table import Box

__all__ = ["DEFAULT_LIMIT", "Search"]

DEFAULT_LIMIT = 10

Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f]+$")]
_GEOMETRY = TypeAdapter(Annotated[Intersection, Field(discriminator="type")])


class Search(BaseModel):
    """A search for items. Everything given must hold at once; nothing given selects all items.

    Geometry is compared in longitude and latitude, with straight edges between vertices, as GeoJSON has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: list[Name] | None = Field(
        None, max_length=1000, description="Items of these ids.", examples=[["ogive_EPSG32607_X609000"]]
    )
    collections: list[Name] | None = Field(
        None,
        max_length=1000,
        description="Items of these collections; one alone may stand without a list.",
        examples=[["ogive-velocity"]],
    )
    bbox: list[float] | None = Field(
        None,
        description="West, south, east, north; west > east crosses the antimeridian. Heights are ignored.",
        examples=[[-139.1, 60.7, -138.9, 60.8]],
    )
    intersects: dict[str, Any] | None = Field(
        None,
        description="A GeoJSON geometry; not together with bbox.",
        examples=[{"type": "Point", "coordinates": [-139.02, 60.745]}],
    )
    datetime: Period | None = Field(
        None,
        description="RFC 3339 instant or interval; selects items whose period has a moment in common.",
        examples=["2015-01-01T00:00:00Z/.."],
    )
    filter: str | dict[str, Any] | bool | None = Field(
        None,
        description="A condition in CQL2; /queryables has the names. What an item lacks, it does not fulfil.",
        examples=[{"op": ">=", "args": [{"property": "ogive:vvc.median"}, 0.5]}],
    )
    filter_lang: Literal["cql2-text", "cql2-json"] | None = Field(
        None,
        alias="filter-lang",
        description="How the filter is written; a text is CQL2 text and an object CQL2 JSON in any case.",
        examples=["cql2-json"],
    )
    filter_crs: Literal["http://www.opengis.net/def/crs/OGC/1.3/CRS84"] | None = Field(
        None,
        alias="filter-crs",
        description="CRS of the geometries in the filter.",
        examples=["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
    )
    sortby: list[SortKey] = Field(
        default=[],
        max_length=8,
        description="Fields to sort by; items equal in all of them stand newest first.",
        examples=[[{"field": "properties.start_datetime", "direction": "desc"}]],
    )
    fields: Fields = Field(default=None, description="Parts of the items to tell; all where left out.")
    limit: int = Field(
        DEFAULT_LIMIT,
        ge=1,
        description="Items a page; what is over the most that a page holds becomes that.",
        examples=[100],
    )
    token: str | None = Field(
        None,
        max_length=4000,
        description="Where the page starts, from the `next` link of the page before.",
        examples=["W1tdLFtdLDEyXQ"],
    )

    @field_validator("collections", mode="before")
    @classmethod
    def _one_or_more(cls, collections: Any) -> Any:
        return [collections] if isinstance(collections, str) else collections

    @field_validator("bbox", mode="before")
    @classmethod
    def _numbers(cls, bbox: Any) -> Any:
        try:
            return None if bbox is None else [float(number) for number in list[Any](bbox)]
        except (TypeError, ValueError):
            raise ValueError(
                f"bbox {bbox!r} is no list of numbers; write west, south, east, north."
            ) from None

    @field_validator("bbox")
    @classmethod
    def _bbox(cls, bbox: list[float] | None) -> list[float] | None:
        if bbox is None:
            return None
        if len(bbox) not in (4, 6):
            raise ValueError(f"bbox has {len(bbox)} numbers; write west, south, east, north in degrees.")
        if not all(map(math.isfinite, bbox)):
            raise ValueError(
                "bbox holds a number that is not finite; write west, south, east, north in degrees."
            )
        west, south, east, north = _flat(bbox)
        if not (-180 <= west <= 180 and -180 <= east <= 180):
            raise ValueError(f"bbox has longitudes {west:g} and {east:g}; they must lie within -180 and 180.")
        if not (-90 <= south <= 90 and -90 <= north <= 90):
            raise ValueError(f"bbox has latitudes {south:g} and {north:g}; they must lie within -90 and 90.")
        if south > north:
            raise ValueError(f"bbox has its south ({south:g}) above its north ({north:g}); exchange the two.")
        return bbox

    @field_validator("filter")
    @classmethod
    def _filter(cls, filter: Any) -> Any:
        if filter is not None:
            Filter(filter)
        return filter

    @field_validator("sortby")
    @classmethod
    def _sorted_once(cls, keys: list[SortKey]) -> list[SortKey]:
        if len({key.field for key in keys}) < len(keys):
            raise ValueError("sortby names a field twice; name it once.")
        return keys

    @field_validator("intersects", mode="before")
    @classmethod
    def _read(cls, geometry: Any) -> Any:
        if not isinstance(geometry, str):
            return geometry
        try:
            return json.loads(geometry)
        except (ValueError, RecursionError):
            raise ValueError(f"intersects {geometry!r} is no JSON; write a GeoJSON geometry.") from None

    @field_validator("intersects")
    @classmethod
    def _intersects(cls, document: dict[str, Any] | None) -> dict[str, Any] | None:
        if document is None:
            return None
        if document.get("type") in ("Feature", "FeatureCollection"):
            raise ValueError(
                f"intersects is a {document['type']}; send a geometry alone, without its feature."
            )
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

    @model_validator(mode="after")
    def _one_place(self) -> Search:
        if self.bbox is not None and self.intersects is not None:
            raise ValueError("bbox and intersects are given together; send one of the two.")
        return self

    @property
    def order(self) -> Order:
        """How the items are sorted."""
        return Order(self.sortby)

    @property
    def condition(self) -> Filter | None:
        """The filter, read; None where there is none."""
        return None if self.filter is None else Filter(self.filter)

    @property
    def period(self) -> Span:
        """First and last moment asked for; None is an open side."""
        return (None, None) if self.datetime is None else span(self.datetime)

    @property
    def boxes(self) -> list[Box]:
        """Boxes around the place asked for: two for a bbox across the antimeridian, none for everywhere."""
        if self.bbox is not None:
            west, south, east, north = _flat(self.bbox)
            if west > east:
                return [(west, south, 180.0, north), (-180.0, south, east, north)]
            return [(west, south, east, north)]
        return [] if self.intersects is None else [shapely.geometry.shape(self.intersects).bounds]

    @property
    def shape(self) -> shapely.Geometry | None:
        """The place asked for; None for everywhere."""
        if self.intersects is not None:
            return shapely.geometry.shape(self.intersects)
        boxes = [shapely.box(*box) for box in self.boxes]
        return None if not boxes else boxes[0] if len(boxes) == 1 else shapely.MultiPolygon(boxes)


def _flat(bbox: list[float]) -> Box:
    """A bbox of four or six numbers without its heights."""
    half = len(bbox) // 2
    return bbox[0], bbox[1], bbox[half], bbox[half + 1]
