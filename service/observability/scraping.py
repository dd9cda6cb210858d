"""Where Prometheus asks, on a port of its own: measures of this process, and where those of workers are."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import uvicorn
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.cluster import Cluster
from service.errors import SchedulerUnavailable
from service.listening import listen
from service.observability import measures
from service.observability.health import Health
from service.observability.queue import Queue


def scraping(cluster: Cluster, queue: Queue, health: Health) -> Starlette:
    """`/metrics`, and `/workers` as Prometheus's discovery over HTTP wants it (`http_sd_configs`)."""

    async def metrics(request: Request) -> Response:
        # Where the database is out nothing is known of the queue; all else is wanted all the more.
        parts = await health.parts()
        if parts["database"]["state"] == "ok":
            await queue.observe()
        with contextlib.suppress(SchedulerUnavailable):
            measures.WORKERS.set(0)
            measures.WORKERS.set(await cluster.workers())
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(await asyncio.to_thread(encode, REGISTRY), headers={"Content-Type": media_type})

    async def workers(request: Request) -> Response:
        try:
            places = await cluster.measured_at()
        except SchedulerUnavailable as error:
            # Prometheus keeps the last list where it gets none.
            return Response(error.message, 503, media_type="text/plain")
        return JSONResponse([{"targets": places, "labels": {"job": "ogive-workers"}}])

    return Starlette(routes=[Route("/metrics", metrics), Route("/workers", workers)])


class _Beside(uvicorn.Server):
    """A server in a process whose signals another server takes."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def scraped(address: str | None, app: Starlette) -> AsyncIterator[None]:
    """Answer at an address `host:port` for as long as the context lasts; without one do nothing.

    Raises:
        OgiveError: the address cannot be listened on.
    """
    if address is None:
        yield
        return
    asked = urlsplit(f"//{address}")
    with listen(asked.hostname or "127.0.0.1", asked.port or 0, "OGIVE_METRICS") as listener:
        server = _Beside(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving
