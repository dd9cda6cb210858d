"""What a product is, whatever process made it: a grid, windows and the variables on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from workers.cubes.grid import Grid
from workers.windows import Windows


@dataclass(frozen=True, slots=True)
class Variable:
    """One array of a product."""

    name: str
    dimensions: tuple[str, ...]
    """`("time", "y", "x")` or `("y", "x")`"""
    dtype: Literal["float32", "uint8"]
    role: Literal["data", "auxiliary"]
    """As the STAC datacube extension names it"""
    description: str
    unit: str
    """As STAC and JSON write it: `m/yr`"""
    cf_units: str
    """As CF writes it: `m year-1`"""
    standard_name: str | None = None
    """CF standard name, where the table has one"""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Further CF attributes of the array (`cell_methods`, `flag_masks`, `comment`)"""


@dataclass(frozen=True, slots=True, eq=False)
class ProductSpec:
    """Everything that fixes a product's bytes but its values. No wall-clock time belongs here."""

    id: str
    """`ogive_EPSG32607_X609000_Y6736080_20150101_20241231_P30D_v1_1f0c6e7d`; also the STAC item's id"""
    collection: str
    title: str
    summary: str
    grid: Grid
    windows: Windows
    variables: tuple[Variable, ...]
    version: str
    request_sha256: str
    attributes: Mapping[str, Any]
    """Further attributes of the Zarr group: method, coefficient, source, references, keywords"""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Windows, rows, columns."""
        return len(self.windows), self.grid.height, self.grid.width
