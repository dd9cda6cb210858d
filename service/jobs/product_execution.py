"""Carries a job out whose result is a product: metadata, one task a shard, manifest and item, the catalog."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from itertools import count

from sqlalchemy.ext.asyncio import AsyncConnection

from service.catalog.moments import stamp
from service.database import away, reason
from service.errors import BudgetExceeded, DeadlineExceeded, JobFailed, SchedulerUnavailable
from service.jobs.execution import Execution
from service.jobs.house import House
from service.jobs.job import Job, Status, now
from service.jobs.portions import Portions
from service.jobs.progress import Progress
from service.jobs.shards import Shards
from workers.plan import Plan

_REPORT_SECONDS = 0.5
_IDLE_TICKS = 10
_log = logging.getLogger(__name__)


class ProductExecution(Execution):
    """One job under way whose result is a product."""

    _plans = Plan

    def __init__(self, house: House, job: Job, on_change: Callable[[], None]) -> None:
        super().__init__(house, job, on_change)
        self._over_budget = False
        self._portions = Portions()

    async def _make(self, plan: Plan, started: dt.datetime) -> bool:
        """Compute what is left of the product and publish it."""
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

    async def _tidy(self, plan: Plan) -> None:
        """Delete the receipts of shards."""
        house, job = self._house, self._job
        try:
            await house.cluster.call(house.tasks.discard_receipts, plan, house.settings.products)
        except SchedulerUnavailable as error:  # nobody needs them any more; they only lie about
            _log.warning("Receipts of job %s stay: %s", job.id, error.message)
