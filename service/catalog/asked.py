"""What a GET may ask of items, in the words of its query, and the search that it means."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from service.catalog.fields import Fields
from service.catalog.ordering import SortKey
from service.catalog.search import DEFAULT_LIMIT, Search
from workers.errors import InvalidRequest

__all__ = ["ItemsQuery", "SearchQuery"]


class ItemsQuery(BaseModel):
    """What a GET may ask of the items of a collection; lists are written with commas."""

    bbox: str | None = Field(
        None,
        description="West, south, east, north in degrees; west > east crosses the antimeridian.",
        examples=["-50.2,69.0,-49.0,69.4"],
    )
    datetime: str | None = Field(
        None,
        description="RFC 3339 date-time, or two joined by / with .. for an open side.",
        examples=["2015-01-01T00:00:00Z/.."],
    )
    filter: str | None = Field(
        None,
        description="A condition in CQL2; /queryables has the names. What an item lacks, it does not fulfil.",
        examples=["ogive:vvc.median >= 0.5 AND title LIKE '%30D%'"],
    )
    filter_lang: Literal["cql2-text", "cql2-json"] = Field(
        "cql2-text", alias="filter-lang", description="How the filter is written.", examples=["cql2-json"]
    )
    filter_crs: Literal["http://www.opengis.net/def/crs/OGC/1.3/CRS84"] | None = Field(
        None,
        alias="filter-crs",
        description="CRS of the geometries in the filter.",
        examples=["http://www.opengis.net/def/crs/OGC/1.3/CRS84"],
    )
    sortby: str | None = Field(
        None,
        description="Fields to sort by, - before one for descending; newest first where it is left out.",
        examples=["-properties.start_datetime,+id"],
    )
    fields: str | None = Field(
        None,
        description="Parts of the items to tell, - before one to leave out; all where this is left out.",
        examples=["id,properties.start_datetime,-geometry"],
    )
    limit: int = Field(
        DEFAULT_LIMIT, ge=1, description="Items a page; never more than /limits tells.", examples=[100]
    )
    token: str | None = Field(
        None, description="Where the page starts, from a next link.", examples=["W1tdLFtdLDEyXQ"]
    )
    collections: str | None = Field(None, description="Collection ids.", examples=["ogive-velocity"])

    def search(self, **more: Any) -> Search:
        """The search that this and further members mean.

        Raises:
            RequestValidationError: a value is malformed.
        """
        given = self.model_dump(exclude_none=True, by_alias=True) | more
        lists = {
            name: [part.strip() for part in given[name].split(",")]
            for name in ("bbox", "ids", "collections")
            if isinstance(given.get(name), str)
        }
        if "sortby" in given:
            lists["sortby"] = _read("sortby", SortKey.parse, given["sortby"])
        if "fields" in given:
            lists["fields"] = _read("fields", Fields.parse, given["fields"])
        if given["filter-lang"] == "cql2-json" and "filter" in given:
            lists["filter"] = _read("filter", json.loads, given["filter"])
        try:
            return Search(**given | lists)
        except ValidationError as error:
            raise RequestValidationError(
                [found | {"loc": ("query", *found["loc"])} for found in error.errors(include_url=False)]
            ) from None


class SearchQuery(ItemsQuery):
    """What a GET may ask of all items."""

    ids: str | None = Field(None, description="Item ids.", examples=["ogive_EPSG32607_X609000"])
    intersects: str | None = Field(
        None,
        description="A GeoJSON geometry; not together with bbox.",
        examples=['{"type":"Point","coordinates":[-139.02,60.745]}'],
    )


def _read(name: str, parse: Callable[[str], Any], text: str) -> Any:
    """What a parameter's text means.

    Raises:
        InvalidRequest: it means nothing.
    """
    try:
        return parse(text)
    except ValidationError as error:
        raise InvalidRequest(error.errors()[0]["msg"].removeprefix("Value error, "), name) from None
    except json.JSONDecodeError as error:
        raise InvalidRequest(f"{name} is no JSON: {error}.", name) from None
    except RecursionError:
        raise InvalidRequest(f"{name} is nested too deeply; ask for less.", name) from None
    except ValueError as error:
        raise InvalidRequest(str(error), name) from None
