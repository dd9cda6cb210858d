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
    """Counts the jobs of one request; part of the product's id"""
    blocks_total: int
    blocks_done: int
    """Those empty and failed counted in"""
    blocks_empty: int
    blocks_failed: int
    cpu_seconds: float
    collection: str | None
    item: str | None
    """Collection and id of the product's STAC item, once the job is successful"""
    summary: dict[str, int] | None
    """Pixels: `requested`, `solved`, `no_data`, `failed`"""
    problem: dict[str, Any] | None
    """Why the job failed: a problem document whose own type URI is relative to the service"""

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
