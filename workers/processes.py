"""The registry of processes: what can be run, with which inputs, and how it is planned and computed.

A new inversion is one entry here; no route, no job and no product code knows any of them by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from workers.plan import CubeSource, JobSize, Limits, Plan, ShardOutcome
from workers.products.provenance import Provenance
from workers.products.spec import ProductSpec
from workers.velocity import planning, sizing, stac
from workers.velocity import point_process as points
from workers.velocity import process as velocity
from workers.velocity.point_process import PointPlan
from workers.velocity.region_inputs import VelocityCubeInputs
from workers.version import VERSION


@dataclass(frozen=True, slots=True)
class Process:
    """One process, as OGC API Processes describes it, and the functions behind it."""

    id: str
    title: str
    description: str
    version: str
    keywords: tuple[str, ...]
    inputs: type[BaseModel]
    """Validates the inputs of an execution; its JSON schema is their description"""
    outputs: Mapping[str, Mapping[str, Any]]
    """OGC output descriptions by name"""
    job_control_options: tuple[str, ...]
    size: Callable[[dict[str, Any], CubeSource], JobSize]
    """How large a job would be, from metadata alone and whatever the limits"""
    plan: Callable[[dict[str, Any], CubeSource, Limits], Plan | PointPlan]
    """Inputs to tasks, reading metadata only"""


@dataclass(frozen=True, slots=True)
class ProductProcess(Process):
    """A process that makes a product, shard by shard; what any other makes is a document."""

    product: Callable[[Plan], ProductSpec]
    compute: Callable[[Plan, int, Callable[[str], None], Callable[[], None], int], ShardOutcome]
    """One shard; the first callback is told `done`, `empty` or `failed` after each block, the second is
    called after each pixel, and either may raise to stop; in more parts than one it takes less memory"""
    provenance: Callable[[Plan, datetime], Provenance]
    """Where a product made by a plan comes from; the moment is that of its making"""
    collection: Mapping[str, Any]
    """The STAC collection of the products"""


VELOCITY_CUBE = ProductProcess(
    id=planning.PROCESS_ID,
    title="Regular ice-velocity cube of a region",
    description="Inverts the ITS_LIVE image pairs of every pixel of a region into a regular series of ice "
    "velocity with errors, and publishes it as a Zarr product with a STAC item.",
    version=VERSION,
    keywords=("glacier", "ice velocity", "time series", "ITS_LIVE", "TICOI"),
    inputs=VelocityCubeInputs,
    outputs={
        "product": {
            "title": "Zarr store of the product",
            "schema": {"type": "string", "contentMediaType": "application/vnd.zarr; version=3"},
        },
        "item": {
            "title": "STAC item of the product",
            "schema": {"type": "object", "contentMediaType": "application/geo+json"},
        },
        "summary": {
            "title": "Pixels solved, without data and failed",
            "schema": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    },
    job_control_options=("async-execute", "dismiss"),
    size=sizing.size_region,
    plan=planning.plan_region,
    product=velocity.product_spec,
    compute=velocity.compute_shard,
    provenance=stac.provenance,
    collection=stac.COLLECTION,
)

VELOCITY_POINT = Process(
    id=points.PROCESS_ID,
    title="Regular ice-velocity series at places",
    description="Inverts the ITS_LIVE image pairs of the pixels that hold the places into regular series of "
    "ice velocity with errors: what /timeseries answers, as one document.",
    version=VERSION,
    keywords=("glacier", "ice velocity", "time series", "ITS_LIVE", "TICOI"),
    inputs=points.VelocityPointInputs,
    outputs={
        "series": {
            "title": "VelocityTimeSeriesCollection: the series of each place, or the problem in its stead",
            "schema": {"type": "object", "contentMediaType": "application/json"},
        },
        "summary": {
            "title": "Places solved, without data and failed",
            "schema": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    },
    job_control_options=("sync-execute", "async-execute", "dismiss"),
    size=points.size_points,
    plan=points.plan_points,
)

PROCESSES: dict[str, Process] = {process.id: process for process in (VELOCITY_POINT, VELOCITY_CUBE)}
