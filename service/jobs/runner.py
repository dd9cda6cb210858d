"""Takes requests for jobs, and runs every live job of a store on a cluster."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from service.database import away
from service.errors import JobFailed
from service.formats.problem import problem
from service.jobs.controls import Order
from service.jobs.estimate import Estimator
from service.jobs.house import House
from service.jobs.job import LIVE, Job, Status, now
from service.jobs.point_execution import PointExecution
from service.jobs.product_execution import ProductExecution
from service.jobs.room import Room
from service.jobs.under_way import UnderWay
from workers.errors import CubeChanged, Dismissed, OgiveError, TooLarge
from workers.processes import ProductProcess
from workers.telemetry.occasion import on_behalf
from workers.telemetry.spans import span

_ASK_SECONDS = 0.5
_log = logging.getLogger(__name__)


class Runner:
    """Runs jobs, some at a time; the rest waits for its turn.

    A task is one shard; a finished shard is the checkpoint from which a job goes on after a restart.
    """

    def __init__(self, house: House, estimator: Estimator, on_change: Callable[[], None]) -> None:
        """Run jobs of a house; `on_change` is called after the state of one has changed."""
        self._house, self._estimator, self._on_change = house, estimator, on_change
        self.under_way = UnderWay(house, self._work_for, self._free_workers)
        self._turns = asyncio.Semaphore(house.settings.limit_jobs_running)

    async def accept(self, order: Order) -> tuple[Job, bool]:
        """Plan a request and start its job; tells also whether an equal one was there already.

        Raises:
            InvalidRequest, SeveralGrids, TooLarge, NoCube, SourceError: it cannot be planned.
            IdempotencyConflict, TooManyJobs, QuotaExceeded: it cannot be taken.
            SchedulerUnavailable, DeadlineExceeded: the cluster cannot plan it now.
        """
        house, settings = self._house, self._house.settings
        if (earlier := await house.jobs.replayed(order)) is not None:
            return earlier, True
        costs = await self._estimator.costs(order.process, order.inputs)
        try:
            plan = await house.cluster.call(
                house.tasks.plan_job,
                order.process,
                order.inputs,
                settings.source,
                self._estimator.limits(costs),
                within=settings.limit_wait,
            )
        except TooLarge as error:
            estimate = await self._estimator.estimate(order.process, order.inputs)
            raise TooLarge(error.message, error.limits, error.split, estimate, error.limit) from None
        layers = [cube.layers for cube in plan.cubes]
        expected = costs.expected(plan.pixels, layers)
        room = Room(
            settings.limit_jobs_running,
            settings.limit_jobs_queued,
            settings.limit_jobs_caller,
            settings.limit_cpu_seconds_day,
        )
        job, planned = await house.jobs.accept(order, plan, expected, room)
        if planned is not None:
            await house.log.write(job.id, f"Accepted: {job.blocks_total} blocks, {job.pixels} pixels.")
            await self.under_way.begin(job)
        return job, planned is None

    async def dismiss(self, job_id: str) -> Job:
        """Stop a live job at its next pixel; forget a finished one. Finished shards and products stay.

        Raises:
            NoSuchJob: there is no such job.
        """
        job = await self._house.jobs.get(job_id)
        message = f"Dismissed after {job.blocks_done} of {job.blocks_total} blocks."
        if await self._end(job_id, Status.dismissed, message):
            self.under_way.cancel(job_id)
            await self._free_workers(job_id)
            return await self._house.jobs.get(job_id)
        await self._house.jobs.drop(job_id)
        return job

    async def ended(self, job: Job, within: float) -> Job:
        """A job as it is when it has ended, or else after some seconds."""
        until = time.monotonic() + within
        await self.under_way.wait(job.id, within)
        while (job := await self._house.jobs.get(job.id)).status in LIVE and time.monotonic() < until:
            await asyncio.sleep(_ASK_SECONDS)  # another service works for it
        return job

    async def _work_for(self, job: Job) -> None:
        try:
            product = isinstance(self._house.processes[job.process], ProductProcess)
            kind = ProductExecution if product else PointExecution
            with on_behalf(job_id=job.id), span("job", ogive__job=job.id, ogive__process=job.process):
                await kind(self._house, job, self._on_change).run(self._turns)
            self._on_change()
        except Dismissed as error:
            await self._end(job.id, Status.dismissed, error.message, holder=self._house.leases.holder)
        except OgiveError as error:
            await self._fail(job, error)
        except Exception as error:
            if away(error):
                raise
            _log.exception("Job %s failed", job.id)
            await self._fail(
                job, JobFailed(f"An unforeseen error ended the job; the log tells it under {job.id}.")
            )

    async def _fail(self, job: Job, error: OgiveError) -> None:
        document = problem(error, "", f"urn:uuid:{job.id}").document
        holder = self._house.leases.holder
        if await self._end(job.id, Status.failed, error.message, holder=holder, problem=document):
            await self._free_workers(job.id)
        if isinstance(error, CubeChanged):
            await self._house.cluster.tell(self._house.tasks.forget_cubes)

    async def _end(self, job_id: str, status: Status, message: str, **values: Any) -> bool:
        """End a live job without a product; tells whether it was live."""
        changed = await self._house.jobs.change(
            job_id,
            status=status,
            finished=now(),
            message=message,
            estimated_finish=None,
            expires=self._house.settings.expiry(now()),
            **values,
        )
        if changed:
            level = "error" if status is Status.failed else "info"
            await self._house.log.write(job_id, message, level)
            self._on_change()
        return changed

    async def _free_workers(self, job_id: str) -> None:
        """Let running tasks of a job end; where the cluster cannot be told, nothing of it is left to run."""
        await self._house.cluster.tell(self._house.tasks.stop_job, job_id)
