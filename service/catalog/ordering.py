"""The order of items, and the tokens that say where in it a page starts.

Pages follow each other by the values that items are sorted by, not by counting: what arrives meanwhile
neither hides an item nor shows one twice. Items that are equal in all of these stand newest first.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from service.catalog.table import ITEMS
from workers.errors import InvalidRequest

__all__ = ["SORTABLES", "Order", "SortKey"]

_C = ITEMS.c


SORTABLES: dict[str, sa.Column[Any]] = {
    "id": _C.id,
    "collection": _C.collection,
    "datetime": _C.first,
    "start_datetime": _C.first,
    "end_datetime": _C.last,
    "created": _C.created,
    "updated": _C.updated,
    "title": _C.title,
}
"""What sorts items, with or without `properties.` before it; `datetime` is the start of the period"""
_MOMENTS = ("datetime", "start_datetime", "end_datetime")
_KEY = re.compile(r"([-+ ]?)(?:properties\.)?(\w+)")


class SortKey(BaseModel):
    """One field that items are sorted by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = Field(examples=["properties.start_datetime"], description="Name of the field.")
    direction: Literal["asc", "desc"] = Field("asc", description="Ascending or descending.")

    @field_validator("field")
    @classmethod
    def _known(cls, field: str) -> str:
        name = field.removeprefix("properties.")
        if name not in SORTABLES:
            raise ValueError(f"sortby {field!r} is none that sorts; the fields are {', '.join(SORTABLES)}.")
        return name

    @classmethod
    def parse(cls, text: str) -> list[SortKey]:
        """Read `+field,-field`; a plus that a URL made a space is one.

        Raises:
            ValueError: a part is no field that sorts.
        """
        keys = []
        for part in text.split(","):
            match = _KEY.fullmatch(part)
            if match is None:
                raise ValueError(
                    f"sortby {part!r} is not understood; write fields by comma, - for descending."
                )
            keys.append(cls(field=match[2], direction="desc" if match[1] == "-" else "asc"))
        return keys


@dataclass(frozen=True, slots=True)
class Order:
    """How items are sorted: by these keys, then newest first."""

    keys: Sequence[SortKey] = ()

    @property
    def columns(self) -> list[sa.ColumnElement[Any]]:
        """The values that an item is sorted by."""
        return [SORTABLES[key.field].label(f"key{n}") for n, key in enumerate(self.keys)]

    @property
    def clauses(self) -> list[sa.ColumnElement[Any]]:
        """What goes into ORDER BY."""
        wanted = [
            SORTABLES[key.field].asc() if key.direction == "asc" else SORTABLES[key.field].desc()
            for key in self.keys
        ]
        return [*wanted, _C.number.desc()]

    def token(self, row: sa.Row[Any]) -> str:
        """Where the page after this row starts; the row has the number of its item, and `columns`."""
        values = [getattr(row, f"key{n}") for n in range(len(self.keys))]
        told = [v.isoformat() if isinstance(v, dt.datetime) else v for v in values]
        text = json.dumps([self._names, told, row.number], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def after(self, token: str) -> sa.ColumnElement[bool]:
        """Whether an item comes after the page that gave a token.

        Raises:
            InvalidRequest: no page of a search in this order gave it.
        """
        values, number = self._read(token)
        equal: list[sa.ColumnElement[bool]] = []
        found = []
        for key, value in zip(self.keys, values, strict=True):
            column = SORTABLES[key.field]
            beyond = column > value if key.direction == "asc" else column < value
            found.append(sa.and_(*equal, beyond))
            equal.append(column == value)
        beyond = sa.or_(*found, sa.and_(*equal, _C.number < number))
        if not self.keys:
            return beyond
        first, start = SORTABLES[self.keys[0].field], values[0]
        # Said again of the first key alone, as a range, which its index finds.
        return sa.and_(first >= start if self.keys[0].direction == "asc" else first <= start, beyond)

    @property
    def _names(self) -> list[str]:
        return [f"{'-' if key.direction == 'desc' else '+'}{key.field}" for key in self.keys]

    def _read(self, token: str) -> tuple[list[Any], int]:
        try:
            names, told, number = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
            if names != self._names or len(told) != len(names) or not all(isinstance(v, str) for v in told):
                raise ValueError
            if type(number) is not int or not 0 < number < 2**31:
                raise ValueError
            values = [
                dt.datetime.fromisoformat(value) if key.field in _MOMENTS else value
                for key, value in zip(self.keys, told, strict=True)
            ]
            if any("\0" in v for v in told) or any(getattr(v, "tzinfo", None) for v in values):
                raise ValueError
        except (ValueError, TypeError):
            raise InvalidRequest(
                f"token {token!r} is none of this search; take it from the next link of a page.", "token"
            ) from None
        return values, number
