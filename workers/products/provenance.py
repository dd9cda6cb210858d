"""Where a product comes from: who made it, from what, with what, and what to cite."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """A store that was read."""

    title: str
    store_href: str
    media_type: str
    """`application/vnd.zarr; version=2`"""
    item_href: str | None = None
    """The STAC item that describes it, where there is one"""


@dataclass(frozen=True, slots=True)
class Publication:
    """What to cite."""

    doi: str
    """Bare: `10.5194/tc-19-4555-2025`"""
    citation: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """The history of one product, in the terms of STAC's processing and scientific extensions."""

    created: datetime
    """With its time zone"""
    facility: str
    """Who ran it"""
    version: str
    """Of the program"""
    software: Mapping[str, str]
    """Versions of the program and of the libraries that the values depend on"""
    lineage: str
    """The steps from input to product, in words"""
    expression: Mapping[str, Any]
    """`format` and `expression`: the steps in a form that can be run again"""
    sources: tuple[Source, ...]
    publications: tuple[Publication, ...]
    level: str = "L4"
    license: str = "CC-BY-4.0"
    """SPDX identifier"""
    license_href: str = "https://creativecommons.org/licenses/by/4.0/"
