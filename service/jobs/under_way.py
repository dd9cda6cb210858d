"""The jobs that this service works for: started once, held by lease, let go when another has them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from service.database import away, reason
from service.errors import NoSuchJob
from service.jobs.house import House
from service.jobs.job import Job, Status

_BEAT_SECONDS = 2.5
"""Between two renewals of leases, some of which may be late or lost within a term"""
_PARTING_TRIES, _PARTING_SECONDS = 10, 1.0
_log = logging.getLogger(__name__)


class UnderWay:
    """One task for each job that this service works for."""

    def __init__(
        self,
        house: House,
        work: Callable[[Job], Awaitable[None]],
        free_workers: Callable[[str], Awaitable[None]],
    ) -> None:
        """`work` carries a job out; `free_workers` ends what the cluster does for a dismissed one."""
        self._house, self._work, self._free_workers = house, work, free_workers
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def begin(self, job: Job) -> None:
        """Start a new job, unless another service was quicker."""
        if await self._house.leases.claim(job.id):
            self._start(job)

    def cancel(self, job_id: str) -> None:
        """End the work for a job, if it is done here."""
        if task := self._tasks.get(job_id):
            task.cancel()

    async def wait(self, job_id: str, within: float) -> None:
        """Wait some seconds for the end of the work for a job, if it is done here."""
        if task := self._tasks.get(job_id):
            await asyncio.wait([task], timeout=within)

    async def keep(self) -> None:
        """Renew the leases of these jobs, and take up those that nobody works for, for ever."""
        while True:
            beat = asyncio.create_task(self._beat_or_tell())
            try:
                await asyncio.shield(beat)
            except asyncio.CancelledError:
                # A statement that is broken off can hold SQLite's lock for longer than others wait for it.
                await beat
                raise
            await asyncio.sleep(_BEAT_SECONDS)

    async def close(self) -> None:
        """Let go of all jobs; their records stay live, for another service to take them up at once."""
        await self._cancel_all()
        try:
            await self._house.leases.release()
        except Exception as error:
            if not away(error):
                raise
            # They run out by themselves.
            _log.warning("The leases of jobs could not be released: %s", reason(error))

    async def _cancel_all(self) -> None:
        left = set(self._tasks.values())
        for _ in range(_PARTING_TRIES):
            if not left:
                return
            # Asked more than once: a cancellation that arrives inside a library can be lost there.
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=_PARTING_SECONDS)
        if left:
            _log.error("Jobs do not let go: %s", ", ".join(sorted(task.get_name() for task in left)))

    async def _beat_or_tell(self) -> None:
        try:
            await self._beat()
        except Exception as error:  # noqa: BLE001 - whatever it was, leases must not run out for it
            if away(error):
                _log.warning("The leases of jobs could not be renewed: %s", reason(error))
            else:
                _log.exception("The leases of jobs could not be renewed")

    async def _beat(self) -> None:
        mine = dict(self._tasks)
        held = await self._house.leases.hold()
        for job in held:
            if job.id not in self._tasks:
                _log.info("Taking up job %s", job.id)
                await self._house.log.write(job.id, "The work was broken off; a service takes it up again.")
                self._start(job)
        for job_id in mine.keys() - {job.id for job in held}:
            await self._let_go(job_id, mine[job_id])

    async def _let_go(self, job_id: str, task: asyncio.Task[None]) -> None:
        """End the work for a job that another service has by now, or was told to dismiss."""
        try:
            status = (await self._house.jobs.get(job_id)).status
        except NoSuchJob:  # dismissed, and forgotten
            status = Status.dismissed
        if status in (Status.successful, Status.failed):  # by this very task, which is about to end
            return
        _log.info("Letting go of job %s", job_id)
        task.cancel()
        if status is Status.dismissed:
            await self._free_workers(job_id)

    def _start(self, job: Job) -> None:
        if job.id in self._tasks:
            return
        task = asyncio.create_task(self._run(job), name=f"job-{job.id}")
        self._tasks[job.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.id))

    async def _run(self, job: Job) -> None:
        try:
            await self._work(job)
        except Exception as error:
            if not away(error):
                raise
            # What became of it cannot be written down: it stays as it is, and is taken up again.
            _log.warning("Job %s waits for the database: %s", job.id, reason(error))
