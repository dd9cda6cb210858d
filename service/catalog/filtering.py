"""Filters in CQL2 (OGC 21-065r2), as text or JSON: read and applied by the library cql2.

The library says which items fulfil a filter. From the conjunctions of a filter SQL learns what must hold at
least, so that not every document is read.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

import cql2
import sqlalchemy as sa

from service.catalog.table import ITEMS

__all__ = ["Filter"]

_LONGEST, _DEEPEST = 8000, 60
_COLUMNS = {"id": ITEMS.c.id, "collection": ITEMS.c.collection, "title": ITEMS.c.title}
_log = logging.getLogger(__name__)


class Filter:
    """A condition that an item fulfils or not. What an item lacks, it does not fulfil."""

    def __init__(self, expression: str | dict[str, Any] | bool) -> None:
        """Read CQL2 text or JSON.

        Raises:
            ValueError: it is malformed, too long or nested too deeply.
        """
        text = expression if isinstance(expression, str) else json.dumps(_plain(expression))
        if len(text) > _LONGEST or _depth(text) > _DEEPEST:
            raise ValueError(
                f"filter is longer than {_LONGEST} characters or nested deeper than {_DEEPEST}; ask for less."
            )
        self._expression = _read(text, isinstance(expression, str))

    def holds(self, item: dict[str, Any]) -> bool:
        """Whether an item fulfils it; of the item `id` and what the filter names are read."""
        try:
            return self._expression.matches(_dated(item))
        except Exception as error:  # noqa: BLE001 (the library raises Exception where a property is missing)
            _log.debug("Item %s cannot be compared: %s", item["id"], error)
            return False

    @cached_property
    def names(self) -> frozenset[str]:
        """The properties that it asks about, as it writes them."""
        return frozenset(_names(self._expression.to_json()))

    @property
    def necessary(self) -> list[sa.ColumnElement[bool]]:
        """What must hold of any item that fulfils it, for SQL."""
        return [
            column == value
            for part in _conjuncts(self._expression.to_json())
            if part.get("op") == "=" and len(part["args"]) == 2
            for name, value in [part["args"]]
            if isinstance(value, str) and "\0" not in value and isinstance(name, dict)
            if (column := _COLUMNS.get(name.get("property"))) is not None
        ]


@lru_cache(maxsize=64)
def _read(text: str, is_text: bool) -> cql2.Expr:
    try:
        expression = cql2.parse_text(text) if is_text else cql2.parse_json(text)
        expression.validate()
    except (cql2.ParseError, cql2.ValidationError) as error:
        lines = [line.strip(" |") for line in str(error).splitlines() if line.strip(" |")]
        raise ValueError(f"filter is no CQL2: {'; '.join(lines[:4]) or type(error).__name__}.") from None
    return expression


def _plain(expression: Any) -> Any:
    """CQL2 JSON with the bounds of `between` by themselves; drafts of the standard had them in a list."""
    if isinstance(expression, list):
        return [_plain(part) for part in expression]
    if not isinstance(expression, dict):
        return expression
    made = {name: _plain(part) for name, part in expression.items()}
    match made:
        case {"op": "between", "args": [value, [low, high]]}:
            made["args"] = [value, low, high]
    return made


def _dated(item: dict[str, Any]) -> dict[str, Any]:
    """An item whose `datetime` is that of its period's start, where it has none of its own."""
    properties = item["properties"]
    if properties.get("datetime") is not None:
        return item
    return item | {"properties": properties | {"datetime": properties.get("start_datetime")}}


def _depth(text: str) -> int:
    """How deeply brackets are nested, those in quotes counted too."""
    deep = deepest = 0
    for character in text:
        if character in "([{":
            deep += 1
            deepest = max(deepest, deep)
        elif character in ")]}":
            deep -= 1
    return deepest


def _names(expression: Any) -> Iterator[str]:
    if isinstance(expression, dict):
        if isinstance(name := expression.get("property"), str):
            yield name
        expression = list(expression.values())
    if isinstance(expression, list):
        for part in expression:
            yield from _names(part)


def _conjuncts(expression: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(expression, dict):
        return
    if expression.get("op") == "and":
        for part in expression["args"]:
            yield from _conjuncts(part)
    else:
        yield expression
