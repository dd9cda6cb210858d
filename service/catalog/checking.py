"""What SQL cannot tell of a candidate: whether its outline meets a place, and whether a filter holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import shapely
import sqlalchemy as sa

from service.catalog.facts import tell_all
from service.catalog.filtering import Filter
from service.catalog.search import Search
from service.catalog.table import ITEMS

__all__ = ["Check"]

_C = ITEMS.c


@dataclass(frozen=True, slots=True)
class Check:
    """A place and a filter, either of which may be missing, and what of the table tells of them."""

    place: shapely.Geometry | None
    condition: Filter | None
    by_facts: bool
    """Whether facts tell all that the filter asks about, so that no document is read"""

    @classmethod
    def of(cls, search: Search) -> Check:
        """What a search asks for beyond SQL."""
        place, condition = search.shape, search.condition
        if place is not None:
            shapely.prepare(place)
        return cls(place, condition, condition is not None and tell_all(condition.names))

    @property
    def columns(self) -> list[sa.ColumnElement[Any]]:
        """What of a candidate must be known."""
        if self.condition is None:
            told = []
        elif self.by_facts:
            told = [_C.id, _C.collection, _C.facts]
        else:
            told = [sa.cast(_C.document, sa.Text).label("whole")]
        return [_C.number, *told, *([_C.footprint] if self._outlined else [])]

    def those_of(self, candidates: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
        """The candidates that have a part of the place, and fulfil the filter."""
        if self._outlined:
            outlines = shapely.from_wkb(np.array([line.footprint for line in candidates], object))
        else:
            outlines = np.full(len(candidates), None)
        if self.place is not None:
            meeting = np.flatnonzero(shapely.intersects(self.place, outlines))
            candidates, outlines = [candidates[n] for n in meeting], outlines[meeting]
        if (condition := self.condition) is None:
            return list(candidates)
        if not self.by_facts:
            return [line for line in candidates if condition.holds(orjson.loads(line.whole))]
        drawn = shapely.to_geojson(outlines) if self._drawn else outlines
        return [
            line
            for line, outline in zip(candidates, drawn, strict=True)
            if condition.holds(_item(line, outline if self._drawn else None))
        ]

    @property
    def _drawn(self) -> bool:
        """Whether the filter asks about the outline."""
        return self.by_facts and self.condition is not None and "geometry" in self.condition.names

    @property
    def _outlined(self) -> bool:
        return self.place is not None or self._drawn


def _item(line: sa.Row[Any], outline: str | None) -> dict[str, Any]:
    """What facts tell of an item, as the item does."""
    drawn = {} if outline is None else {"geometry": orjson.loads(outline)}
    return {"id": line.id, "collection": line.collection, "properties": orjson.loads(line.facts), **drawn}
