"""The way to the Dask cluster: a local one in processes, or one that is already running."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from distributed import Client, LocalCluster

from service.cluster import SHARD, Cluster
from service.errors import SchedulerUnavailable
from service.settings import Settings
from workers.telemetry import logs
from workers.velocity.warm import warm

_log = logging.getLogger(__name__)
_CONNECT = "10s"
_PAUSE_SECONDS = 1.0


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
            # Or workers tell of themselves by HTTP to every machine.
            worker_dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            local_directory=str(settings.data / "dask"),
            silence_logs=logging.ERROR,
            preload=["workers.telemetry.start", "workers.behind"],
            env={
                logs.FORM: settings.log_format,
                logs.LEVEL: settings.log_level,
                logs.QUIET: "1",
            },
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
        yield Cluster(client, warming)


@asynccontextmanager
async def _elsewhere(address: str) -> AsyncIterator[Cluster]:
    """The cluster of a scheduler that somebody else runs, and starts anew when it dies."""
    try:
        cluster = Cluster(await _client(address))
    except OSError as error:
        raise SchedulerUnavailable(
            f"No Dask scheduler answers at {address} (OGIVE_SCHEDULER): {_reason(error)}."
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


def _reason(error: OSError) -> str:
    """Why a scheduler cannot be reached; of a certificate Dask tells only that something is wrong with it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS refuses its certificate, {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return str(error).rstrip(".") or type(error).__name__


async def _keep_connected(cluster: Cluster, address: str) -> None:
    """Connect again whenever the connection is lost for longer than the client itself tries to mend it."""
    while True:
        await asyncio.sleep(_PAUSE_SECONDS)
        if cluster.alive or cluster.client.status == "connecting":
            continue
        try:
            fresh = await _client(address)
        except OSError as error:
            if (why := _reason(error)) != cluster.why_lost:
                _log.warning("The Dask scheduler at %s does not answer: %s", address, why)
            cluster.why_lost = why
            continue
        lost, cluster.client, cluster.why_lost = cluster.client, fresh, None
        await lost.close(timeout=_PAUSE_SECONDS)
        _log.info("Connected to the Dask scheduler at %s again", address)
