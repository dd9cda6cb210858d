"""The table of items, and what SQL can tell about a search: names and times exactly, places by boxes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import shapely
import sqlalchemy as sa

from service.catalog.facts import facts
from service.catalog.moments import Span, moment, stamp
from service.database import METADATA

__all__ = ["EXTENTS", "ITEMS", "Box", "during", "extent", "meets_any", "row"]

_SORTED = ("created", "updated", "title")
"""Properties that items are sorted by as text; empty where an item has none"""
_PLAIN = sa.String().with_variant(sa.String(collation="C"), "postgresql")
"""Text in the order of its characters, whatever the language of the database"""

ITEMS = sa.Table(
    "catalog_items",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, doc="Counts items in the order of their arrival"),
    sa.Column("id", sa.String, nullable=False, unique=True),
    sa.Column("collection", sa.String, nullable=False, index=True),
    sa.Column(
        "west", sa.Float, nullable=False, doc="Greater than east where the item crosses the antimeridian"
    ),
    sa.Column("south", sa.Float, nullable=False),
    sa.Column("east", sa.Float, nullable=False),
    sa.Column("north", sa.Float, nullable=False),
    sa.Column("first", sa.DateTime, nullable=False, index=True, doc="Naive UTC, as all moments here"),
    sa.Column("last", sa.DateTime, nullable=False, index=True),
    *(sa.Column(name, _PLAIN, nullable=False, server_default="", index=True) for name in _SORTED),
    sa.Column("facts", sa.Text, nullable=False, server_default="{}", doc="JSON, see service.catalog.facts"),
    sa.Column(
        "footprint", sa.LargeBinary, nullable=False, doc="Geometry as WKB, to be tested without its document"
    ),
    sa.Column("document", sa.JSON, nullable=False),
)
_C = ITEMS.c

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees, west <= east."""

EXTENTS = sa.select(
    _C.collection,
    sa.func.min(_C.west).label("west"),
    sa.func.min(_C.south).label("south"),
    sa.func.max(_C.east).label("east"),
    sa.func.max(_C.north).label("north"),
    sa.func.min(_C.first).label("first"),
    sa.func.max(_C.last).label("last"),
    sa.func.max(sa.case((_C.west > _C.east, 1), else_=0)).label("crosses"),
).group_by(_C.collection)
"""For each collection that has items, how far they reach"""


def row(item: dict[str, Any]) -> dict[str, Any]:
    """The columns of a STAC item."""
    properties, bbox = item["properties"], item["bbox"]
    half = len(bbox) // 2
    return {
        "id": item["id"],
        "collection": item["collection"],
        "west": bbox[0],
        "south": bbox[1],
        "east": bbox[half],
        "north": bbox[half + 1],
        "first": moment(properties.get("start_datetime") or properties["datetime"]),
        "last": moment(properties.get("end_datetime") or properties["datetime"]),
        **{name: properties.get(name) or "" for name in _SORTED},
        "facts": facts(item),
        "footprint": shapely.to_wkb(shapely.geometry.shape(item["geometry"])),
        "document": item,
    }


def during(period: Span) -> list[sa.ColumnElement[bool]]:
    """Items that have a moment in common with a period."""
    start, end = period
    later = [] if start is None else [_C.last >= start]
    return later if end is None else [*later, _C.first <= end]


def meets_any(boxes: Iterable[Box]) -> sa.ColumnElement[bool]:
    """Items whose box has a place in common with one of these."""
    return sa.or_(*map(_meets, boxes))


def _meets(box: Box) -> sa.ColumnElement[bool]:
    """Whether an item's box and this one have a place in common."""
    west, south, east, north = box
    left, right = _C.west <= east, _C.east >= west
    longitudes = sa.or_(sa.and_(left, right), sa.and_(_C.west > _C.east, sa.or_(left, right)))
    return sa.and_(longitudes, _C.south <= north, _C.north >= south)


def extent(found: sa.Row[Any]) -> dict[str, Any]:
    """A row of EXTENTS as STAC writes it: all longitudes where an item crosses the antimeridian."""
    west, east = (-180.0, 180.0) if found.crosses else (found.west, found.east)
    return {
        "spatial": {"bbox": [[west, found.south, east, found.north]]},
        "temporal": {"interval": [[stamp(found.first), stamp(found.last)]]},
    }
