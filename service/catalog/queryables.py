"""What filters can ask about: the queryables of STAC API's filter extension, as JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

__all__ = ["queryables"]

_ITEM = "https://schemas.stacspec.org/v1.1.0/item-spec/json-schema/item.json#"
_DATETIME = "https://schemas.stacspec.org/v1.1.0/item-spec/json-schema/datetime.json#/properties"
_STRING, _NUMBER, _INTEGER = {"type": "string"}, {"type": "number"}, {"type": "integer"}
_SUMMARIES = ("p10", "median", "p90")

_PROPERTIES: dict[str, dict[str, Any]] = {
    "id": {"$ref": f"{_ITEM}/definitions/core/allOf/2/properties/id", "title": "Item id"},
    "collection": {
        "$ref": f"{_ITEM}/definitions/core/allOf/2/properties/collection",
        "title": "Collection id",
    },
    "geometry": {"$ref": "https://geojson.org/schema/Geometry.json", "title": "Outline of the product"},
    "datetime": {"$ref": f"{_DATETIME}/datetime", "title": "Start of the product's period"},
    "start_datetime": {"$ref": f"{_DATETIME}/start_datetime", "title": "Start of the first window"},
    "end_datetime": {"$ref": f"{_DATETIME}/end_datetime", "title": "End of the last window"},
    "created": {"$ref": f"{_DATETIME}/created", "title": "When the product was made"},
    "updated": {"$ref": f"{_DATETIME}/updated", "title": "When the item was written last"},
    "title": {**_STRING, "title": "Title"},
    "version": {**_STRING, "title": "Version of the product"},
    "gsd": {**_NUMBER, "title": "Side of a cell in metres"},
    "proj:code": {**_STRING, "title": "CRS of the grid", "examples": ["EPSG:32607"]},
    "processing:version": {**_STRING, "title": "Version of Ogive that made the product"},
    "ogive:request_sha256": {**_STRING, "title": "Identity of the request"},
    **{
        f"ogive:pixels.{name}": {**_INTEGER, "title": f"Pixels {name.replace('_', ' ')}"}
        for name in ("requested", "solved", "no_data", "failed")
    },
    **{
        f"ogive:vvc.{name}": {**_NUMBER, "title": f"Vector coherence of the series, {name} over the pixels"}
        for name in _SUMMARIES
    },
}


def queryables(address: str, title: str) -> dict[str, Any]:
    """The schema served at an address. Any other property of an item may be asked about as well."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": title,
        "description": "Names that filters may use; what an item lacks, it does not fulfil.",
        "properties": _PROPERTIES,
        "additionalProperties": True,
    }
