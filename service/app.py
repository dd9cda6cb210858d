"""The service put together: routes, and what lives as long as the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.concurrency import run_in_threadpool

from service import database, failures
from service.catalog.store import Catalog
from service.cluster import Cluster, Tasks, connect
from service.coding import ContentCoding
from service.dependencies import known_query
from service.formats.openapi import describe
from service.jobs.runner import Runner
from service.jobs.store import JobStore
from service.middleware import HEADER, RequestId
from service.routes import (
    catalog,
    description,
    edr,
    files,
    health,
    jobs,
    landing,
    processes,
    store,
    timeseries,
)
from service.series.answers import Answers
from service.settings import Settings
from workers import tasks as worker_tasks
from workers.processes import PROCESSES, Process
from workers.products.store import ProductStore
from workers.version import VERSION

_EXPOSED = ["Location", "ETag", "Link", "Retry-After", "Preference-Applied", HEADER]
_EXPOSED += ["Accept-Ranges", "Content-Length", "Content-Range"]
_ROUTES = (landing, timeseries, processes, jobs, catalog, edr, files, store, health, description)

Connect = Callable[[Settings], AbstractAsyncContextManager[Cluster]]


def create_app(
    settings: Settings | None = None,
    *,
    connect: Connect = connect,
    tasks: Tasks = worker_tasks,
    registry: Mapping[str, Process] = PROCESSES,
) -> FastAPI:
    """The service.

    Args:
        settings: read from the environment by default.
        connect: how to reach the cluster; a context that lasts as long as the service.
        tasks: what runs on it.
        registry: the processes that it offers.
    """
    app = FastAPI(
        title="Ogive",
        description=landing.ABOUT,
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(known_query)],
        lifespan=_lifespan(connect),
    )
    app.state.settings = settings or Settings()
    app.state.tasks, app.state.processes = tasks, registry
    for module in _ROUTES:
        app.include_router(module.router)
    failures.install(app)
    app.openapi = lambda: describe(app)
    app.add_middleware(ContentCoding)
    app.add_middleware(RequestId)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD"],
        expose_headers=_EXPOSED,
        max_age=600,
    )
    return app


def _lifespan(connect: Connect) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Database and store first: what cannot be written must be told before a cluster starts."""
        state, settings = app.state, app.state.settings
        await run_in_threadpool(ProductStore(settings.products).check_writable)
        engine = database.connect(settings.database)
        try:
            state.jobs = JobStore(engine)
            state.catalog = Catalog(
                engine, [dict(process.collection) for process in state.processes.values()]
            )
            await state.jobs.create()
            await state.catalog.create()
            async with connect(settings) as state.cluster:
                state.runner = Runner(state.cluster, state.jobs, state.catalog, settings, state.tasks)
                state.answers = Answers(state.cluster, state.tasks, settings)
                await state.runner.resume()
                try:
                    yield
                finally:
                    await state.runner.close()
                    await state.answers.close()
        finally:
            await engine.dispose()

    return lifespan
