"""What is known of one job."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """The states of OGC API Processes."""

    accepted = "accepted"
    running = "running"
    successful = "successful"
    failed = "failed"
    dismissed = "dismissed"


LIVE = (Status.accepted, Status.running)
"""A job in one of these still needs work"""


def now() -> dt.datetime:
    """This moment as records keep it: naive UTC in whole seconds."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0, tzinfo=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The record of a job, without its plan."""

    id: str
    process: str
    status: Status
    message: str
    created: dt.datetime
    started: dt.datetime | None
    finished: dt.datetime | None
    updated: dt.datetime
    estimated_finish: dt.datetime | None
    request: dict[str, Any]
    """The execution request as it was sent"""
    request_sha256: str
    version: int
    """Counts the products of one request; part of the product's id"""
    attempt: int
    """Counts the jobs that worked for this product; a later one goes on from the shards of the earlier"""
    owner: str | None
    """Who started it, if anybody is told from others; see `service.security.caller`"""
    base: str
    """Address of the service as the client knew it, for documents that are sent to it"""
    deadline: dt.datetime | None
    max_cpu_seconds: float | None
    """Deadline and budget of the request, at which the job ends with what is done"""
    pixels: int
    layers: int
    """Size of the request: pixels of the product, median image pairs of its cubes"""
    estimated_cpu_seconds: float | None
    """What the cost model expected when the job was accepted"""
    blocks_total: int
    blocks_done: int
    """Those empty and failed counted in"""
    blocks_empty: int
    blocks_failed: int
    cpu_seconds: float
    product: str | None
    """Id of the product, once its arrays exist: shards can be read as they are done"""
    collection: str | None
    item: str | None
    """Collection and id of the product's STAC item, once the job is successful"""
    summary: dict[str, int] | None
    """Pixels: `requested`, `solved`, `no_data`, `failed`"""
    problem: dict[str, Any] | None
    """Why the job failed: a problem document whose own type URI is relative to the service"""
    expires: dt.datetime | None
    """When what the job made is deleted"""

    @property
    def live(self) -> bool:
        """Whether the job still needs work."""
        return self.status in LIVE

    @property
    def progress(self) -> int:
        """Per cent of the blocks that are done; 100 only once the product is whole."""
        if self.status is Status.successful:
            return 100
        return min(99, 100 * self.blocks_done // self.blocks_total) if self.blocks_total else 0
