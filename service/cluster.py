"""The Dask cluster that computes: a local one in processes, or one that is already running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Protocol, TypeVar

from distributed import Client, Future, KilledWorker, LocalCluster
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError

from service.errors import DeadlineExceeded, SchedulerUnavailable, WorkersLost
from service.settings import Settings
from workers.cubes.reference import Access
from workers.errors import OgiveError
from workers.plan import CubeSource, JobSize, Limits, Plan, ShardReceipt
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import PointSeries
from workers.velocity.sites import Site
from workers.velocity.warm import warm

Result = TypeVar("Result")
_log = logging.getLogger(__name__)
SHARD = {"shard": 1}
"""What a shard's task takes of a worker: each has one, so its other threads are left for points"""
POINT_PRIORITY = 10
_CONNECT = "10s"
_TELL_SECONDS = 3.0
_PAUSE_SECONDS = 1.0


class Tasks(Protocol):
    """The functions that run on the cluster, as `workers.tasks` has them."""

    def locate_places(
        self,
        source: CubeSource,
        places: Sequence[tuple[float, float]],
        max_distance: float,
        datasets: Sequence[str],
    ) -> list[Site | OgiveError]: ...
    def solve_sites(
        self, sites: Sequence[Site], access: Access, parameters: VelocityParameters, observations: bool
    ) -> list[PointSeries | OgiveError]: ...
    def plan_job(
        self, process_id: str, inputs: dict[str, Any], source: CubeSource, limits: Limits
    ) -> Plan: ...
    def size_job(self, process_id: str, inputs: dict[str, Any], source: CubeSource) -> JobSize: ...
    def create_product(self, plan: Plan, products: str) -> str: ...
    def discard_failed(self, plan: Plan, products: str) -> None: ...
    def compute_shard(self, plan: Plan, index: int, products: str, job_id: str) -> ShardReceipt: ...
    def finished_shards(self, plan: Plan, products: str) -> dict[int, ShardReceipt]: ...
    def discard_receipts(self, plan: Plan, products: str) -> None: ...
    def stop_job(self, job_id: str) -> None: ...
    def finalise_product(
        self, plan: Plan, products: str, created: str, expires: str | None
    ) -> dict[str, Any]: ...
    def link_successor(self, plan: Plan, products: str) -> dict[str, Any] | None: ...
    def delete_product(self, product: str, products: str) -> None: ...


class Cluster:
    """Where functions of the workers run, whose own errors come back as they were raised."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(
        self,
        function: Callable[..., Result],
        *arguments: Any,
        key: str | None = None,
        within: float | None = None,
    ) -> Result:
        """Run a function on the cluster and wait for its result; equal keys share one run.

        Raises:
            SchedulerUnavailable: the cluster cannot be reached or lost the task.
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
        return self.client.submit(function, *arguments, pure=False, **options)

    async def tell(self, function: Callable[..., None], *arguments: Any) -> None:
        """Run a function at once in every worker, beside its tasks; one that does not answer is passed over.

        Raises:
            SchedulerUnavailable: the cluster cannot be reached.
        """
        self._check_connection()
        try:
            async with asyncio.timeout(_TELL_SECONDS):
                await self.client.run(function, *arguments, on_error="ignore")
        except OSError as error:  # a timeout and a closed connection are some
            raise SchedulerUnavailable(f"The Dask scheduler does not answer: {error}.") from error

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
        """Number of workers that can take a shard.

        Raises:
            SchedulerUnavailable: the scheduler does not answer.
        """
        self._check_connection()
        try:
            known = await self.client.scheduler.identity(n_workers=-1)
        except (OSError, CommClosedError) as error:
            raise SchedulerUnavailable(f"The Dask scheduler does not answer: {error}.") from error
        return sum(worker["resources"].get("shard", 0) >= 1 for worker in known["workers"].values())

    def _check_connection(self) -> None:
        if not self.alive:
            raise SchedulerUnavailable("The Dask scheduler is not connected.")


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
            "runs the service finds the reason in the logs of the workers."
        ) from error
    except (FutureCancelledError, CommClosedError) as error:
        raise SchedulerUnavailable("The Dask cluster lost the work.") from error


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Cluster]:
    """The cluster that the settings name, for as long as the context lasts.

    Raises:
        SchedulerUnavailable: the scheduler of the settings does not answer.
    """
    if settings.scheduler is not None:
        async with _elsewhere(settings.scheduler) as cluster:
            yield cluster
        return
    async with (
        LocalCluster(
            n_workers=settings.workers,
            threads_per_worker=settings.threads_per_worker,
            processes=True,
            resources=SHARD,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            local_directory=str(settings.data / "dask"),
            silence_logs=logging.ERROR,
            asynchronous=True,
        ) as local,
        Client(local, asynchronous=True, set_as_default=False) as client,
    ):
        # The first request need not wait until a worker has imported everything and loaded its kernels.
        warming = [
            client.submit(function, *arguments, workers=[worker.worker_address], pure=False)
            for worker in local.workers.values()
            for function, *arguments in ((import_module, "workers.tasks"), (warm,))
        ]
        yield Cluster(client)
        del warming


@asynccontextmanager
async def _elsewhere(address: str) -> AsyncIterator[Cluster]:
    """The cluster of a scheduler that somebody else runs, and starts anew when it dies."""
    try:
        cluster = Cluster(await _client(address))
    except OSError as error:
        raise SchedulerUnavailable(
            f"No Dask scheduler answers at {address} (OGIVE_SCHEDULER): {error}."
        ) from error
    keeper = asyncio.create_task(_keep_connected(cluster, address))
    try:
        yield cluster
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await cluster.client.close()


async def _client(address: str) -> Client:
    """A client that is nobody's default: a worker in the same process would take that for its own."""
    return await Client(address, asynchronous=True, set_as_default=False, timeout=_CONNECT)


async def _keep_connected(cluster: Cluster, address: str) -> None:
    """Connect again whenever the connection is lost for longer than the client itself tries to mend it."""
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        if cluster.alive or cluster.client.status == "connecting":
            continue
        try:
            fresh = await _client(address)
        except OSError:
            continue
        lost, cluster.client = cluster.client, fresh
        await lost.close(timeout=_PAUSE_SECONDS)
        _log.info("Connected to the Dask scheduler at %s again", address)
