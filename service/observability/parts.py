"""The parts that a service cannot do without, and how each is asked whether it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from service.cluster import Cluster
from service.errors import SchedulerUnavailable
from service.jobs.store import JobStore
from service.observability.health import Health
from service.settings import Settings
from workers.cubes.opened import catalog
from workers.plan import CubeSource
from workers.products.store import ProductStore


def health_of(cluster: Cluster, jobs: JobStore, settings: Settings) -> Health:
    """Database, scheduler with a worker that is warm, store of products, source of cubes."""
    return Health(
        {
            "database": jobs.ping,
            "scheduler": partial(_has_worker, cluster),
            "store": _aside("store", ProductStore(settings.products).check_writable),
            "cubes": _aside("cubes", partial(_ask_for_cubes, settings.source)),
        }
    )


async def _has_worker(cluster: Cluster) -> None:
    await cluster.check_workers()
    if cluster.warming:
        raise SchedulerUnavailable("The workers still load their kernels; requests wait for them.")


def _ask_for_cubes(source: CubeSource) -> None:
    """Any question will do: a catalog that is out raises, and one that answers has been reached."""
    catalog(source).at_point(0.0, 0.0)


def _aside(name: str, check: Callable[[], None]) -> Callable[[], Awaitable[Any]]:
    """A check that blocks, in a thread of its own: one that hangs takes none from the requests."""
    thread = ThreadPoolExecutor(1, f"health-{name}")

    async def ask() -> None:
        await asyncio.get_running_loop().run_in_executor(thread, check)

    return ask
