"""Carries one job out within its limits, whatever its result is: a turn, a plan, and the cluster."""

from __future__ import annotations

import abc
import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from service.errors import BudgetExceeded, DeadlineExceeded, JobFailed, SchedulerUnavailable, WorkersLost
from service.jobs.house import House
from service.jobs.job import Job, Status, now


class Execution(abc.ABC):
    """One job under way; what is made of its plan, each kind of result tells for itself."""

    _plans: ClassVar[type[BaseModel]]
    """What the plans of its jobs are"""

    def __init__(self, house: House, job: Job, on_change: Callable[[], None]) -> None:
        self._house, self._job, self._on_change = house, job, on_change
        self._limit: asyncio.Timeout

    @abc.abstractmethod
    async def _make(self, plan: Any, started: dt.datetime) -> bool:
        """Make what the plan says and publish it; tells whether the job was still to be done."""

    @abc.abstractmethod
    async def _tidy(self, plan: Any) -> None:
        """Delete what only an unfinished job needs."""

    @abc.abstractmethod
    async def _ended_early(self) -> BudgetExceeded | DeadlineExceeded:
        """What to say where the request's own limit came first."""

    async def run(self, turns: asyncio.Semaphore) -> None:
        """Wait for a turn and carry the job out, from whatever was finished before.

        Raises:
            DeadlineExceeded, BudgetExceeded: the request's own limit came first.
            JobFailed, SourceError, StoreNotWritable: it cannot be done.
        """
        try:
            async with asyncio.timeout(self._seconds_left()) as self._limit, turns:
                await self._carry_out()
        except TimeoutError:
            if not self._limit.expired():
                raise
            raise await self._ended_early() from None

    def _seconds_left(self) -> float | None:
        deadline = self._job.deadline
        return None if deadline is None else max(0.0, (deadline - _precisely()).total_seconds())

    async def _change(self, **values: Any) -> bool:
        """Change the record of the job while this service is who works for it; tells whether it is."""
        return await self._house.jobs.change(self._job.id, holder=self._house.leases.holder, **values)

    async def _carry_out(self) -> None:
        house, job = self._house, self._job
        plan = await self._plan()
        started = job.started or now()
        if not await self._change(status=Status.running, started=started):
            return
        self._on_change()
        while True:
            try:
                made = await self._make(plan, started)
            except WorkersLost:
                raise
            except SchedulerUnavailable as error:
                # What was written is written: the job goes on from there when the cluster is back.
                await house.log.write(job.id, f"{error.message} The job waits for the cluster.", "warning")
                await self._change(message="Waiting for the cluster.", estimated_finish=None)
                await house.cluster.connected()
            else:
                break
        if made:
            await self._tidy(plan)

    async def _plan(self) -> BaseModel:
        try:
            return self._plans.model_validate_json(await self._house.jobs.plan(self._job.id))
        except ValidationError as error:
            raise JobFailed(
                "The job was planned by another version of Ogive and cannot go on; send the request again."
            ) from error


def _precisely() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)
