"""Carries one job out: array metadata, one task a shard, then manifest and item, then the catalog."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from service.catalog.moments import stamp
from service.database import away, reason
from service.errors import (
    BudgetExceeded,
    DeadlineExceeded,
    JobFailed,
    SchedulerUnavailable,
    WorkersLost,
)
from service.jobs.house import House
from service.jobs.job import Job, Status, now
from service.jobs.portions import Portions
from service.jobs.progress import Progress
from service.jobs.shards import Shards
from workers.plan import Plan

_REPORT_SECONDS = 0.5
_IDLE_TICKS = 10
_log = logging.getLogger(__name__)


class Execution:
    """One job under way."""

    _plans: ClassVar[type[BaseModel]] = Plan
    """What the plans of its jobs are"""

    def __init__(self, house: House, job: Job, on_change: Callable[[], None]) -> None:
        self._house, self._job, self._on_change = house, job, on_change
        self._over_budget = False
        self._portions = Portions()
        self._limit: asyncio.Timeout

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

    async def _ended_early(self) -> BudgetExceeded | DeadlineExceeded:
        job = await self._house.jobs.get(self._job.id)
        done = f"{job.blocks_done} of {job.blocks_total} blocks were done. Shards that are whole can be read"
        advice = "an equal request goes on from them"
        if self._over_budget:
            budget = f"The {job.max_cpu_seconds:g} processor seconds of the request are spent"
            return BudgetExceeded(f"{budget} and {done}; with a larger budget {advice}.")
        return DeadlineExceeded(
            f"The deadline {stamp(job.deadline)} has passed and {done}; with a later one {advice}."
        )

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

    async def _tidy(self, plan: Plan) -> None:
        """Delete what only an unfinished job needs."""
        house, job = self._house, self._job
        try:
            await house.cluster.call(house.tasks.discard_receipts, plan, house.settings.products)
        except SchedulerUnavailable as error:  # nobody needs them any more; they only lie about
            _log.warning("Receipts of job %s stay: %s", job.id, error.message)

    async def _plan(self) -> BaseModel:
        try:
            return self._plans.model_validate_json(await self._house.jobs.plan(self._job.id))
        except ValidationError as error:
            raise JobFailed(
                "The job was planned by another version of Ogive and cannot go on; send the request again."
            ) from error

    async def _make(self, plan: Plan, started: dt.datetime) -> bool:
        """Compute what is left of the product and publish it; tells whether the job was still to be done."""
        house, job, products = self._house, self._job, self._house.settings.products
        tasks, call = house.tasks, house.cluster.call
        product = await call(tasks.create_product, plan, products)
        await self._change(product=product)
        if job.started is None and job.attempt > 1:
            await call(tasks.discard_failed, plan, products)
        progress = Progress(plan)
        progress.resume(await call(tasks.finished_shards, plan, products))
        if progress.finished:
            found = f"{len(progress.finished)} of {len(plan.shards)} shards were finished before."
            await house.log.write(job.id, found)
        await self._compute(plan, progress)
        # All is computed: what is left takes moments, and is not to be cut in two.
        self._limit.reschedule(None)
        expires = house.settings.expiry(started)
        item = await call(tasks.finalise_product, plan, products, stamp(started), expires and stamp(expires))
        items = [item]
        if plan.predecessor is not None:
            earlier = await call(tasks.link_successor, plan, products)
            if earlier is not None:
                items.append(earlier)

        async def publish(connection: AsyncConnection) -> None:
            for each in items:
                await house.catalog.put(connection, each)

        message = progress.outcome
        # The item is in the catalog if and only if the job is successful, whoever dies or dismisses it now.
        made = await self._change(
            along=publish,
            status=Status.successful,
            finished=now(),
            message=message,
            estimated_finish=None,
            collection=item["collection"],
            item=item["id"],
            summary=progress.pixels,
            expires=expires,
            **progress.counts,
            cpu_seconds=progress.cpu_seconds,
        )
        if made:
            await house.log.write(job.id, message)
        return made

    async def _compute(self, plan: Plan, progress: Progress) -> None:
        client, topic = self._house.cluster.client, f"job-{self._job.id}"
        client.subscribe_topic(topic, progress.event)
        reporter = asyncio.create_task(self._report(progress))
        shards = Shards(self._house, self._job.id, plan, progress, self._portions)
        waiting = [asyncio.create_task(shards.receipt(index)) for index in shards.left]
        try:
            for ended in asyncio.as_completed(waiting):
                progress.receipt(await ended)
                if progress.too_many_failed:
                    raise JobFailed(progress.why_failed)
        finally:
            reporter.cancel()
            for task in waiting:
                task.cancel()
            await asyncio.gather(reporter, *waiting, return_exceptions=True)
            if client.status == "running":
                client.unsubscribe_topic(topic)
                await shards.cancel()

    async def _report(self, progress: Progress) -> None:
        """Write the progress into the record, seldom enough not to burden the database.

        Now and then even without a change: the estimate moves on while a long block is computed.
        """
        budget, loop = self._job.max_cpu_seconds, asyncio.get_running_loop()
        for tick in count():
            if progress.changed or tick % _IDLE_TICKS == 0:
                progress.changed = False
                await self._tell_of(progress)
                if budget is not None and progress.cpu_seconds > budget and not self._over_budget:
                    self._over_budget = True
                    self._limit.reschedule(loop.time())
            await asyncio.sleep(_REPORT_SECONDS)

    async def _tell_of(self, progress: Progress) -> None:
        counts = progress.counts
        try:
            await self._change(
                message=f"{counts['blocks_done']} of {progress.total} blocks.",
                estimated_finish=progress.estimated_finish(now()),
                cpu_seconds=progress.cpu_seconds,
                **counts,
            )
        except Exception as error:
            if not away(error):
                raise
            _log.warning("The progress of job %s is not written down: %s", self._job.id, reason(error))


def _precisely() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)
