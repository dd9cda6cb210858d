"""Carries jobs out: plan, array metadata, one task a shard, then manifest and item, then the catalog."""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from typing import Any

from distributed import Future
from pydantic import ValidationError

from service.catalog.moments import stamp
from service.catalog.store import Catalog
from service.cluster import SHARD, Cluster, Tasks, result
from service.errors import JobFailed, SchedulerUnavailable
from service.jobs.job import Job, Status, now
from service.jobs.progress import FAILED_SHARE, Progress
from service.jobs.store import JobStore
from service.problems import problem
from service.settings import Settings
from workers.errors import Dismissed, OgiveError
from workers.plan import Plan, ShardReceipt

_REPORT_SECONDS = 0.5
_IDLE_TICKS = 10
_PARTING_TRIES, _PARTING_SECONDS = 10, 1.0
_log = logging.getLogger(__name__)


class Runner:
    """Runs every live job of a store on a cluster.

    A task is one shard; a finished shard is the checkpoint from which a job goes on after a restart.
    """

    def __init__(
        self, cluster: Cluster, jobs: JobStore, catalog: Catalog, settings: Settings, tasks: Tasks
    ) -> None:
        self._cluster, self._jobs, self._catalog = cluster, jobs, catalog
        self._settings, self._tasks = settings, tasks
        self._running: dict[str, asyncio.Task[None]] = {}

    async def accept(
        self, process_id: str, inputs: dict[str, Any], request: dict[str, Any]
    ) -> tuple[Job, bool]:
        """Plan a request and start its job; tells also whether an equal one was there already.

        Raises:
            InvalidRequest, SeveralGrids, TooLarge, NoCube, SourceError: it cannot be planned.
            SchedulerUnavailable, DeadlineExceeded: the cluster cannot plan it now.
        """
        settings = self._settings
        plan = await self._cluster.call(
            self._tasks.plan_job,
            process_id,
            inputs,
            settings.source,
            settings.job_limits,
            within=settings.limit_wait,
        )
        job, planned = await self._jobs.accept(request, plan)
        if planned is not None:
            self._start(job)
        return job, planned is None

    async def resume(self) -> None:
        """Start every job that an earlier process left unfinished."""
        for job in await self._jobs.live():
            _log.info("Resuming job %s", job.id)
            self._start(job)

    async def dismiss(self, job_id: str) -> Job:
        """Stop a live job at its next block; forget a finished one. Finished shards and products stay.

        Raises:
            NoSuchJob: there is no such job.
        """
        job = await self._jobs.get(job_id)
        message = f"Dismissed after {job.blocks_done} of {job.blocks_total} blocks."
        if await self._jobs.change(
            job_id, status=Status.dismissed, finished=now(), message=message, estimated_finish=None
        ):
            if job_id in self._running:
                self._running[job_id].cancel()
            await self._free_workers(job_id)
            return await self._jobs.get(job_id)
        await self._jobs.drop(job_id)
        return job

    async def _free_workers(self, job_id: str) -> None:
        """Let running tasks of a job end; where the cluster cannot be told, nothing of it is left to run."""
        try:
            await self._cluster.tell(self._tasks.stop_job, job_id)
        except SchedulerUnavailable as error:
            _log.warning("Job %s: %s", job_id, error.message)

    async def close(self) -> None:
        """Let go of all jobs; their records stay live, for the next process to resume."""
        left = set(self._running.values())
        for _ in range(_PARTING_TRIES):
            if not left:
                return
            # Asked more than once: a cancellation that arrives inside a library can be lost there.
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=_PARTING_SECONDS)
        if left:
            _log.error("Jobs do not let go: %s", ", ".join(sorted(task.get_name() for task in left)))

    def _start(self, job: Job) -> None:
        task = asyncio.create_task(self._run(job), name=f"job-{job.id}")
        self._running[job.id] = task
        task.add_done_callback(lambda _: self._running.pop(job.id))

    async def _run(self, job: Job) -> None:
        try:
            await self._carry_out(job)
        except Dismissed as error:
            await self._jobs.change(job.id, status=Status.dismissed, finished=now(), message=error.message)
        except OgiveError as error:
            await self._fail(job, error)
            await self._free_workers(job.id)
        except Exception:  # noqa: BLE001 (told to the user and logged whole)
            _log.exception("Job %s failed", job.id)
            await self._fail(
                job, JobFailed(f"An unforeseen error ended the job; the log tells it under {job.id}.")
            )
            await self._free_workers(job.id)

    async def _fail(self, job: Job, error: OgiveError) -> None:
        document = problem(error, "", f"urn:uuid:{job.id}").document
        await self._jobs.change(
            job.id,
            status=Status.failed,
            finished=now(),
            message=error.message,
            problem=document,
            estimated_finish=None,
        )

    async def _carry_out(self, job: Job) -> None:
        plan = await self._plan(job)
        started = job.started or now()
        if not await self._jobs.change(job.id, status=Status.running, started=started):
            return
        products, call = self._settings.products, self._cluster.call
        await call(self._tasks.create_product, plan, products)
        progress = Progress(plan)
        progress.resume(await call(self._tasks.finished_shards, plan, products))
        await self._compute(job, plan, progress)
        item = await call(self._tasks.finalise_product, plan, products, stamp(started))
        await self._catalog.add(item)
        await self._jobs.change(
            job.id,
            status=Status.successful,
            finished=now(),
            message=_outcome(progress),
            estimated_finish=None,
            collection=item["collection"],
            item=item["id"],
            summary=progress.pixels,
            **progress.counts,
            cpu_seconds=progress.cpu_seconds,
        )
        await call(self._tasks.discard_receipts, plan, products)

    async def _plan(self, job: Job) -> Plan:
        try:
            return Plan.model_validate_json(await self._jobs.plan(job.id))
        except ValidationError as error:
            raise JobFailed(
                "The job was planned by another version of Ogive and cannot go on; send the request again."
            ) from error

    async def _compute(self, job: Job, plan: Plan, progress: Progress) -> None:
        client, topic = self._cluster.client, f"job-{job.id}"
        client.subscribe_topic(topic, progress.event)
        reporter = asyncio.create_task(self._report(job, progress))
        futures: list[Future] = []
        waiting: list[asyncio.Task[ShardReceipt]] = []
        try:
            futures += self._submit(job, plan, progress)
            waiting += [asyncio.create_task(result(future)) for future in futures]
            for ended in asyncio.as_completed(waiting):
                progress.receipt(await ended)
                if progress.too_many_failed:
                    raise JobFailed(_too_many(progress))
        finally:
            reporter.cancel()
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            client.unsubscribe_topic(topic)
            if client.status == "running":
                await client.cancel([future for future in futures if not future.done()])

    def _submit(self, job: Job, plan: Plan, progress: Progress) -> list[Future]:
        """One task for each shard that is left, the largest first: the last to end should be small."""
        left = [index for index in range(len(plan.shards)) if index not in progress.finished]
        left.sort(key=lambda index: (-plan.shards[index].blocks, index))
        products = self._settings.products
        # Sent once, not with each task; what a lost worker held of it is made again.
        shared = self._cluster.submit(Plan.model_validate_json, plan.model_dump_json(), key=f"plan-{job.id}")
        return [
            self._cluster.submit(
                self._tasks.compute_shard,
                shared,
                index,
                products,
                job.id,
                key=f"shard-{job.id}-{index}",
                resources=SHARD,
            )
            for index in left
        ]

    async def _report(self, job: Job, progress: Progress) -> None:
        """Write the progress into the record, seldom enough not to burden the database.

        Now and then even without a change: the estimate moves on while a long block is computed.
        """
        for tick in count():
            if progress.changed or tick % _IDLE_TICKS == 0:
                progress.changed = False
                counts = progress.counts
                await self._jobs.change(
                    job.id,
                    message=f"{counts['blocks_done']} of {progress.total} blocks.",
                    estimated_finish=progress.estimated_finish(now()),
                    cpu_seconds=progress.cpu_seconds,
                    **counts,
                )
            await asyncio.sleep(_REPORT_SECONDS)


def _outcome(progress: Progress) -> str:
    failed = progress.counts["blocks_failed"]
    if not failed:
        return f"All {progress.total} blocks are done."
    first = f" The first: {progress.problems[0]}" if progress.problems else ""
    return f"{progress.total} blocks are done, {failed} of them failed and their pixels are masked.{first}"


def _too_many(progress: Progress) -> str:
    failed = progress.counts["blocks_failed"]
    first = f" The first: {progress.problems[0]}" if progress.problems else ""
    return f"{failed} of {progress.total} blocks failed, more than {FAILED_SHARE:.0%}.{first}"
