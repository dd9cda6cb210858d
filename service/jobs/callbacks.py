"""Tells subscribers what became of their jobs (OGC API Processes 1.0, class `callback`)."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from service.errors import NotFound
from service.jobs.job import Job, Status
from service.jobs.log import JobLog
from service.jobs.outbox import Callback, Outbox
from service.jobs.sending import Refused, Sender, Undelivered, check

TRIES = 8
_FIRST_PAUSE = dt.timedelta(seconds=2)
_LONGEST_PAUSE = dt.timedelta(minutes=15)
_POLL_SECONDS = 1.0
_log = logging.getLogger(__name__)


class Subscriber(BaseModel):
    """Who is told of a job's states. Addresses are https and on the open internet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    successUri: str = Field(  # noqa: N815 (OGC's names)
        description="Gets the results by POST once the job is successful.",
        examples=["https://me.example/done"],
    )
    inProgressUri: str | None = Field(  # noqa: N815
        None, description="Gets the statusInfo once the job runs.", examples=["https://me.example/started"]
    )
    failedUri: str | None = Field(  # noqa: N815
        None,
        description="Gets the statusInfo if the job fails or is dismissed.",
        examples=["https://me.example/failed"],
    )

    @field_validator("successUri", "inProgressUri", "failedUri")
    @classmethod
    def _can_be_sent_to(cls, uri: str | None) -> str | None:
        if uri is not None:
            check(uri)
        return uri


class Courier:
    """Delivers the callbacks that are due, each until it is taken or its tries are used up."""

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        log: JobLog,
        read: Callable[[str, Status], Awaitable[tuple[Job, dict[str, Any]]]],
    ) -> None:
        """Deliver from an outbox; `read` gives a job and the document that tells of a state of it."""
        self._outbox, self._sender, self._log, self._read = outbox, sender, log, read
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox now."""
        self._news.set()

    async def work(self) -> None:
        """Deliver for as long as the service lives."""
        while True:
            try:
                due = await self._outbox.due()
                await asyncio.gather(*map(self._deliver, due))
            except Exception:  # noqa: BLE001 - whatever it was, the next callback is not to wait for ever
                _log.exception("Callbacks could not be delivered")
                due = []
            if not due:
                self._news.clear()
                try:
                    async with asyncio.timeout(_POLL_SECONDS):
                        await self._news.wait()
                except TimeoutError:
                    continue

    async def _deliver(self, callback: Callback) -> None:
        if not await self._outbox.claim(callback):
            return
        try:
            job, document = await self._read(callback.job, callback.status)
        except NotFound:  # the job was forgotten, or its product is
            await self._outbox.tried(callback, None)
            return
        content = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Link": f'<{job.base}/jobs/{job.id}>; rel="monitor"',
            # The same on every try, for who got it although we did not hear so.
            "Idempotency-Key": f"{job.id}-{callback.status}",
        }
        pause = None
        try:
            await self._sender.post(callback.uri, content, headers)
        except Refused as error:
            told = f"The subscriber was not told that the job is {callback.status}: {error}"
            await self._log.write(job.id, told, "error")
        except Undelivered as error:
            tries = callback.attempts + 1
            if tries < TRIES:
                pause = min(_FIRST_PAUSE * 2**callback.attempts, _LONGEST_PAUSE)
            rest = "it is tried again" if pause is not None else "that was the last try"
            told = f"The subscriber was not told of {callback.status}: {error} Try {tries}; {rest}."
            await self._log.write(job.id, told, "warning")
        else:
            await self._log.write(job.id, f"The subscriber was told that the job is {callback.status}.")
        await self._outbox.tried(callback, pause)
