"""The Dask cluster that computes, and the errors that come back from it."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError, get_address_host

from service.errors import DeadlineExceeded, SchedulerUnavailable, WorkersLost
from workers.telemetry.occasion import carried, current

Result = TypeVar("Result")
SHARD = {"shard": 1}
"""What a shard's task takes of a worker: each has one, so its other threads are left for points"""
POINT_PRIORITY = 10
_TELL_SECONDS = 3.0
_PAUSE_SECONDS = 1.0
_MIB = 1 << 20
_log = logging.getLogger(__name__)


class Cluster:
    """Where functions of the workers run, whose own errors come back as they were raised."""

    def __init__(self, client: Client, warming: Sequence[Future] = ()) -> None:
        """Run on the workers of a client, of which some still load what tasks need (`warming`)."""
        self.client = client
        self._warming = warming
        self.why_lost: str | None = None
        """Why the scheduler could not be reached again, since it was lost"""

    @property
    def warming(self) -> bool:
        """Whether workers still load what tasks need: a request would wait for them."""
        return any(future.status == "pending" for future in self._warming)

    async def call(
        self,
        function: Callable[..., Result],
        *arguments: Any,
        key: str | None = None,
        within: float | None = None,
    ) -> Result:
        """Run a function on the cluster and wait for its result; equal keys share one run.

        Raises:
            SchedulerUnavailable: the cluster cannot be reached, has no worker, or lost the task.
            DeadlineExceeded: it took longer than `within` seconds.
            OgiveError: whatever the function raised.
        """
        future = self.submit(function, *arguments, key=key, priority=POINT_PRIORITY)
        try:
            async with asyncio.timeout(within) as deadline:
                return await result(future)
        except TimeoutError:
            if not deadline.expired():
                raise
            try:
                await self.check_workers()
            except SchedulerUnavailable as error:
                raise SchedulerUnavailable(f"No answer came within {within:g} s. {error.message}") from None
            raise DeadlineExceeded(
                f"The answer took longer than {within:g} s; try again, or ask for fewer pairs by "
                "pairs_datetime."
            ) from None

    def submit(self, function: Callable[..., Result], *arguments: Any, **options: Any) -> Future:
        """Hand a function to the scheduler.

        Raises:
            SchedulerUnavailable: there is no connection to it.
        """
        self._check_connection()
        if options.get("key") is None:
            options["key"] = f"{function.__name__}-{uuid.uuid4()}"
        return self.client.submit(carried, current(), function, *arguments, pure=False, **options)

    async def tell(self, function: Callable[..., None], *arguments: Any) -> None:
        """Run a function at once in every worker, beside its tasks, as far as workers can be told.

        One that does not answer is passed over; that none can be reached is left to the log.
        """
        try:
            self._check_connection()
            async with asyncio.timeout(_TELL_SECONDS):
                await self.client.run(function, *arguments, on_error="ignore")
        except SchedulerUnavailable as error:
            _log.warning("The workers cannot be told: %s", error.message)
        except OSError as error:  # a timeout and a closed connection are some
            _log.warning("The workers cannot be told: the Dask scheduler does not answer: %s.", error)

    async def connected(self) -> None:
        """Wait until the scheduler can be asked again, after the work there was lost."""
        await asyncio.sleep(_PAUSE_SECONDS)
        while not self.alive:
            await asyncio.sleep(_PAUSE_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether there is a connection to the scheduler."""
        stream = self.client.scheduler_comm
        return self.client.status == "running" and stream is not None and not stream.closed()

    async def workers(self) -> int:
        """Number of workers that take shards now.

        Raises:
            SchedulerUnavailable: the scheduler does not answer.
        """
        return sum(worker["status"] == "running" for worker in await self._for_shards())

    async def check_workers(self) -> None:
        """See whether any worker takes shards now.

        Raises:
            SchedulerUnavailable: the scheduler does not answer, or tells of none.
        """
        able = await self._for_shards()
        if any(worker["status"] == "running" for worker in able):
            return
        paused = [worker for worker in able if worker["status"] == "paused"]
        if not paused:
            raise SchedulerUnavailable("The Dask scheduler has no worker with the resource shard=1.")
        fullest = max(paused, key=lambda worker: worker["metrics"]["memory"] / worker["memory_limit"])
        raise SchedulerUnavailable(
            f"Dask has paused all workers, {len(paused)}, for want of memory: one holds "
            f"{fullest['metrics']['memory'] / _MIB:.0f} of its {fullest['memory_limit'] / _MIB:.0f} MiB. "
            "They take no work until they hold less, as they may never; workers with more memory, or without "
            "a pause (distributed.worker.memory.pause), would."
        )

    async def measured_at(self) -> list[str]:
        """Where each worker answers for its measures, as `host:port`.

        Raises:
            SchedulerUnavailable: the scheduler does not answer.
        """
        known = await self._known_workers()
        return sorted(
            f"{get_address_host(address)}:{worker['services']['dashboard']}"
            for address, worker in known.items()
            if "dashboard" in worker["services"]
        )

    async def _for_shards(self) -> list[dict[str, Any]]:
        known = await self._known_workers()
        return [worker for worker in known.values() if worker["resources"].get("shard", 0) >= 1]

    async def _known_workers(self) -> dict[str, dict[str, Any]]:
        """What the scheduler knows of each worker, by address."""
        self._check_connection()
        try:
            return (await self.client.scheduler.identity(n_workers=-1))["workers"]
        except (OSError, CommClosedError) as error:
            raise SchedulerUnavailable(f"The Dask scheduler does not answer: {error}.") from error

    def _check_connection(self) -> None:
        if not self.alive:
            why = "" if self.why_lost is None else f": {self.why_lost}"
            raise SchedulerUnavailable(f"The Dask scheduler is not connected{why}.")


async def result(future: Future) -> Any:
    """The result of a task, or its error.

    Raises:
        SchedulerUnavailable: the task was lost.
        WorkersLost: it took one worker after the other with it.
    """
    try:
        return await future.result()
    except KilledWorker as error:
        raise WorkersLost(
            "Every worker that took a part of the work died of it, most likely for want of memory; whoever "
            "runs the service finds the reason in the logs of the workers.",
            error.last_worker.address,
        ) from error
    except (FutureCancelledError, CommClosedError) as error:
        raise SchedulerUnavailable("The Dask cluster lost the work.") from error
