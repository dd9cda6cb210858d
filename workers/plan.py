"""A job cut into shards before anything is read: the seam between the service and the workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from workers.costs import CostModel
from workers.cubes.grid import Grid
from workers.cubes.reference import Access, CubeReference


class GivenDataset(BaseModel):
    """A further data set that requests may merge in by its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    cubes: tuple[str, ...]
    """Paths or URLs"""


class CubeSource(BaseModel):
    """Where cubes come from: the given ones if there are any, else the STAC API, else its GeoJSON catalog."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cubes: tuple[str, ...] = ()
    """Paths or URLs of cubes to serve instead of the public ones"""
    datasets: tuple[GivenDataset, ...] = ()
    """Further data sets"""
    stac_url: str = "https://stac.itslive.cloud"
    catalog_url: str = "https://its-live-data.s3.amazonaws.com/datacubes/catalog_v02.json"
    access: Access = Access()


class PlannedCube(BaseModel):
    """A cube as it was when the job was planned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: CubeReference
    fingerprint: str
    """`sha256:...` of the cube's metadata; a job stops when it changes"""
    last_modified: str | None
    layers: int
    media_type: str
    """Of the store: `application/vnd.zarr; version=2`"""
    dataset: str | None = None
    """The further data set that it is of; None for the cubes that the grid comes from"""

    @property
    def label(self) -> str:
        """Its name, after that of its data set: cubes of two sets may have one name."""
        return self.reference.id if self.dataset is None else f"{self.dataset}/{self.reference.id}"


class Limits(BaseModel):
    """How large one job may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_pixels: int = 1_000_000
    max_points: int = 500
    max_cpu_seconds: float = 72_000
    cost: CostModel = CostModel()
    """What processor seconds are expected by"""

    def pixels(self, layers: Sequence[int]) -> int:
        """Pixels that one job may have where its cubes have these layers."""
        each = self.cost.of_pixel(layers)
        return min(self.max_pixels, int(self.max_cpu_seconds / each)) if each > 0 else self.max_pixels

    @property
    def told(self) -> dict[str, float]:
        """The limits by name, for who is over one."""
        return {"max_pixels": self.max_pixels, "max_cpu_seconds": self.max_cpu_seconds}


class JobSize(BaseModel):
    """How large a job would be, as far as metadata tell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pixels: int
    blocks: int | None
    """None for what is far over any limit"""
    layers: tuple[int, ...]
    """Of each cube"""
    read_bytes: int
    write_bytes: int


class Shard(BaseModel):
    """One task: a window of the product's grid, in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int
    column: int
    height: int
    width: int
    blocks: int
    """Source chunk rows that the task reads, the unit of progress"""


class Plan(BaseModel):
    """Everything that a job needs, fixed at its start; survives a restart as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    process: str
    inputs: dict[str, Any]
    """Canonical: defaults filled in, bbox snapped out"""
    access: Access
    cubes: tuple[PlannedCube, ...]
    grid: Grid
    first_day: int
    last_day: int
    request_sha256: str
    version: int = 1
    """Raised where an earlier product of the same request exists"""
    predecessor: str | None = None
    """Id of that product"""
    shards: tuple[Shard, ...]

    @property
    def pixels(self) -> int:
        """Pixels of the product."""
        return self.grid.height * self.grid.width

    @property
    def blocks(self) -> int:
        """Blocks of all shards."""
        return sum(shard.blocks for shard in self.shards)


@dataclass(frozen=True, slots=True, eq=False)
class ShardOutcome:
    """What computing a shard gives, before it is written."""

    arrays: dict[str, np.ndarray]
    """Every variable of the product: (T, height, width) or (height, width)"""
    pixels: dict[str, int]
    blocks: dict[str, int]
    pairs: dict[str, int]
    """Observations of all pixels: `valid`, `used`, and `rejected_...` by each filter"""
    problems: tuple[str, ...]
    quality: dict[str, tuple[float, ...]]
    """Measures of the solved pixels by name (`vvc`), rounded to 4 decimals"""
    cpu_seconds: float


class ShardReceipt(BaseModel):
    """What is left of a finished shard: the proof that it is written, and its share of the summary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shard: int
    objects: dict[str, tuple[int, str]]
    """Key in the store: size in bytes, SHA-256 in hex; objects that are all fill value are not written"""
    pixels: dict[str, int]
    """`requested`, `solved`, `no_data`, `failed`"""
    blocks: dict[str, int]
    """`total`, `empty`, `failed`"""
    pairs: dict[str, int] = {}
    """As in `ShardOutcome`"""
    problems: tuple[str, ...] = ()
    """One sentence for each block that failed, naming the chunk"""
    cpu_seconds: float = 0.0
    quality: dict[str, tuple[float, ...]] = {}
    """Measures of the solved pixels by name, for the summary in the item"""
