"""The parts of items that an answer shall hold: the Fields extension of STAC API 1.0.0."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Fields"]

_ALWAYS = ("type", "stac_version", "id", "collection")
"""What tells a reader that it is an item, and which one"""
_USUAL = (
    *(*_ALWAYS, "geometry", "bbox", "links", "assets"),
    "properties.datetime",
)
"""Where a request names none"""
_PATH = Annotated[str, Field(min_length=1, max_length=256)]
_PATHS = Annotated[list[_PATH], Field(max_length=200)]


class Fields(BaseModel):
    """Which members of an item to tell, by paths whose parts are joined by dots.

    What is named in both lists is told. Without `include` all but `exclude` is told, with an empty one a
    usual set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    include: _PATHS | None = Field(
        None, description="Told, beside type, stac_version, id and collection.", examples=[["id"]]
    )
    exclude: _PATHS | None = Field(None, description="Not told.", examples=[["properties.created"]])

    @classmethod
    def parse(cls, text: str) -> Fields:
        """The fields of a GET: `id,+properties.gsd,-geometry`."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        exclude = [part[1:] for part in parts if part.startswith("-")]
        include = [part.removeprefix("+") for part in parts if not part.startswith("-")]
        return cls(**{"include": include} if include or not exclude else {}, exclude=exclude)

    def of(self, item: dict[str, Any]) -> dict[str, Any]:
        """What an item tells; the item itself stays as it is."""
        include, exclude = self.include or [], self.exclude or []
        if include:
            told = _picked(item, [*_ALWAYS, *include])
        elif exclude and "include" not in self.model_fields_set:
            told = item
        else:
            told = _picked(item, _USUAL)
        for path in exclude:
            if not any(wanted == path or wanted.startswith(f"{path}.") for wanted in include):
                told = _without(told, path.split("."))
        return told


def _picked(document: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The members at some paths, in the order of the document."""
    below: dict[str, list[str]] = {}
    for path in paths:
        name, _, rest = path.partition(".")
        below.setdefault(name, []).append(rest)
    found = {}
    for name, value in document.items():
        if name not in below:
            continue
        if "" in below[name]:
            found[name] = value
        elif isinstance(value, dict) and (part := _picked(value, below[name])):
            found[name] = part
    return found


def _without(document: dict[str, Any], path: list[str]) -> dict[str, Any]:
    name, *rest = path
    if name not in document:
        return document
    if not rest:
        return {other: value for other, value in document.items() if other != name}
    value = document[name]
    return document | {name: _without(value, rest)} if isinstance(value, dict) else document
