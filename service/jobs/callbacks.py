"""What subscribers of jobs are told (OGC API Processes 1.0, class `callback`)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from service.errors import NotFound
from service.jobs.courier import Letter
from service.jobs.job import Job, Status
from service.jobs.log import JobLog, Level
from service.jobs.outbox import Callback, Outbox
from service.jobs.sending import check


def _can_be_sent_to(uri: str) -> str:
    check(uri)
    return uri


Uri = Annotated[str, AfterValidator(_can_be_sent_to)]
"""An address that documents are sent to: https; whether it is on the open internet is seen when it is used"""


class Subscriber(BaseModel):
    """Who is told of a job's states. Addresses are https and on the open internet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    successUri: Uri = Field(  # noqa: N815 (OGC's names)
        description="Gets the results by POST once the job is successful.",
        examples=["https://me.example/done"],
    )
    inProgressUri: Uri | None = Field(  # noqa: N815
        None, description="Gets the statusInfo once the job runs.", examples=["https://me.example/started"]
    )
    failedUri: Uri | None = Field(  # noqa: N815
        None,
        description="Gets the statusInfo if the job fails or is dismissed.",
        examples=["https://me.example/failed"],
    )


@dataclass(frozen=True, slots=True)
class Callbacks:
    """The post of jobs: each state that somebody subscribed to, with the job's log."""

    outbox: Outbox
    log: JobLog
    read: Callable[[str, Status], Awaitable[tuple[Job, dict[str, Any]]]]
    """Gives a job and the document that tells of a state of it"""

    async def due(self) -> list[Callback]:
        """Callbacks whose time has come; see `Outbox.due`."""
        return await self.outbox.due()

    async def claim(self, callback: Callback) -> bool:
        """Take one before it is tried; see `Outbox.claim`."""
        return await self.outbox.claim(callback)

    async def letter(self, callback: Callback) -> Letter | None:
        """The results of the job, or its statusInfo; None where the job was forgotten, or its product is."""
        try:
            job, document = await self.read(callback.job, callback.status)
        except NotFound:
            return None
        headers = {
            "Content-Type": "application/json",
            "Link": f'<{job.base}/jobs/{job.id}>; rel="monitor"',
            # The same on every try, for who got it although we did not hear so.
            "Idempotency-Key": f"{job.id}-{callback.status}",
        }
        content = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        return Letter(callback.uri, content, headers, f"that the job is {callback.status}")

    async def tried(self, callback: Callback, again: dt.timedelta | None) -> None:
        """Note one that was claimed; see `Outbox.tried`."""
        await self.outbox.tried(callback, again)

    async def note(self, callback: Callback, told: str, level: Level) -> None:
        """Write a line into the log of the job."""
        await self.log.write(callback.job, told, level)
