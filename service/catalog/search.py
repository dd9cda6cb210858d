"""What a search asks for: the parameters of STAC API Item Search 1.0.0, checked and given a meaning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import shapely
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from service.catalog.fields import Fields
from service.catalog.filtering import Filter
from service.catalog.moments import Period, Span, span
from service.catalog.ordering import Order, SortKey
from service.catalog.place import Bbox, Geometry, boxes_of
from service.catalog.table import Box

__all__ = ["DEFAULT_LIMIT", "Search"]

DEFAULT_LIMIT = 10

Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f]+$")]


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
    bbox: Bbox = Field(
        None,
        description="West, south, east, north; west > east crosses the antimeridian. Heights are ignored.",
        examples=[[-139.1, 60.7, -138.9, 60.8]],
    )
    intersects: Geometry = Field(
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
            return boxes_of(self.bbox)
        return [] if self.intersects is None else [shapely.geometry.shape(self.intersects).bounds]

    @property
    def shape(self) -> shapely.Geometry | None:
        """The place asked for; None for everywhere."""
        if self.intersects is not None:
            return shapely.geometry.shape(self.intersects)
        boxes = [shapely.box(*box) for box in self.boxes]
        return None if not boxes else boxes[0] if len(boxes) == 1 else shapely.MultiPolygon(boxes)
