"""The service put together: routes, and what lives as long as the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State

from service import database, failures, migrations
from service.bounds import Bounds
from service.catalog import pgstac
from service.catalog.store import Catalog
from service.cluster import Cluster
from service.coding import ContentCoding
from service.connection import connect
from service.cors import Cors
from service.dependencies import known_query
from service.formats.openapi import describe
from service.jobs.callbacks import Callbacks
from service.jobs.courier import Courier
from service.jobs.documents import status_info
from service.jobs.estimate import Estimator
from service.jobs.house import House
from service.jobs.job import Job, Status
from service.jobs.lease import Leases
from service.jobs.log import JobLog
from service.jobs.outbox import Outbox
from service.jobs.outcome import Outcomes
from service.jobs.results import JobResults
from service.jobs.retention import keep_tidy
from service.jobs.runner import Runner
from service.jobs.sending import Sender, kept_secret
from service.jobs.store import JobStore
from service.middleware import Unforeseen
from service.observability.parts import health_of
from service.observability.queue import Queue
from service.observability.requests import Observed
from service.observability.scraping import scraped, scraping
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
    subscriptions,
    timeseries,
)
from service.security.access import Read
from service.security.authentication import Authenticator
from service.security.gate import Gate
from service.security.keyring import Keyring
from service.series.answers import Answers
from service.settings import Settings
from service.subscriptions.letters import Letters
from service.subscriptions.lookout import Lookout
from service.subscriptions.store import SubscriptionStore
from service.tasks import Tasks
from workers import tasks as worker_tasks
from workers.processes import PROCESSES, Process, ProductProcess
from workers.products.store import ProductStore
from workers.version import VERSION

_OPEN = (landing, health, description)
"""What the service is and whether it lives, told to everybody"""
_READING = (timeseries, processes, jobs, subscriptions, catalog, edr, files, store)

Connect = Callable[[Settings], AbstractAsyncContextManager[Cluster]]


def create_app(
    settings: Settings | None = None,
    *,
    connect: Connect = connect,
    tasks: Tasks = worker_tasks,
    registry: Mapping[str, Process] = PROCESSES,
    sender: Sender | None = None,
) -> FastAPI:
    """The service.

    Args:
        settings: read from the environment by default.
        connect: how to reach the cluster; a context that lasts as long as the service.
        tasks: what runs on it.
        registry: the processes that it offers.
        sender: how subscribers are told; by default only on the open internet.
    """
    app = FastAPI(
        title="Ogive",
        description=landing.ABOUT,
        version=VERSION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(known_query)],
        lifespan=_lifespan(connect, sender),
    )
    app.state.settings = settings or Settings()
    app.state.tasks, app.state.processes = tasks, registry
    for module in _OPEN:
        app.include_router(module.router)
    for module in _READING:
        app.include_router(module.router, dependencies=[Read])
    failures.install(app)
    app.openapi = lambda: describe(app)
    app.add_middleware(ContentCoding)
    app.add_middleware(Gate, app.state.settings)
    app.add_middleware(Bounds, app.state.settings)
    app.add_middleware(Unforeseen)
    app.add_middleware(Cors, asked_by_post=("/search", "/timeseries"))
    app.add_middleware(Observed)
    return app


def _lifespan(
    connect: Connect, sender: Sender | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Database and store first: what cannot be written must be told before a cluster starts."""
        state, settings = app.state, app.state.settings
        await run_in_threadpool(ProductStore(settings.products).check_writable)
        engine = database.connect(settings.database)
        try:
            await migrations.upgrade(engine)
            state.jobs = JobStore(engine)
            state.authenticator = Authenticator(settings, Keyring(engine))
            collections = [
                dict(process.collection)
                for process in state.processes.values()
                if isinstance(process, ProductProcess)
            ]
            beside = await pgstac.find(engine, collections, ProductStore(settings.products))
            state.catalog = Catalog(engine, collections, beside)
            async with connect(settings) as state.cluster:
                state.answers = Answers(state.cluster, state.tasks, settings)
                state.health = health_of(state.cluster, state.jobs, settings)
                watch = scraping(state.cluster, Queue(engine), state.health)
                try:
                    async with scraped(settings.metrics, watch), _jobs_of(state, engine, sender):
                        yield
                finally:
                    await state.health.close()
                    await state.answers.close()
        finally:
            await engine.dispose()

    return lifespan


@asynccontextmanager
async def _jobs_of(state: State, engine: AsyncEngine, sender: Sender | None) -> AsyncIterator[None]:
    """Run jobs, look at what is watched, tell subscribers and delete what has expired, while it lasts."""
    settings, log = state.settings, JobLog(engine)
    if sender is None:
        given = settings.callback_secret
        sender = Sender(
            given.get_secret_value().encode() if given else kept_secret(settings.data / "callback-secret")
        )
    kept = JobResults(engine)
    house = House(
        state.cluster,
        state.jobs,
        state.catalog,
        log,
        settings,
        state.tasks,
        state.processes,
        state.answers,
        kept,
        Leases(engine),
    )
    state.outcomes = Outcomes(state.catalog, kept)
    courier = Courier(Callbacks(Outbox(engine), log, lambda *of: _told(state, *of)), sender)
    letters = Courier(Letters(engine), sender)
    state.subscriptions = SubscriptionStore(engine, settings.subscription_interval)
    state.lookout = Lookout(state.subscriptions, state.answers, letters.wake)
    state.log, state.estimator = log, Estimator(state.cluster, state.jobs, settings, state.tasks)
    state.runner = Runner(house, state.estimator, courier.wake)
    lasting = (
        state.runner.under_way.keep(),
        courier.work(),
        state.lookout.work(),
        letters.work(),
        keep_tidy(house),
    )
    beside = [asyncio.create_task(work) for work in lasting]
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await state.lookout.close()
        await state.runner.under_way.close()


async def _told(state: State, job_id: str, status: Status) -> tuple[Job, dict[str, Any]]:
    """A job and what its subscriber is told of a state of it: the results, or else the statusInfo."""
    job = await state.jobs.get(job_id)
    if status is not Status.successful:
        return job, status_info(job, job.base)
    return job, await state.outcomes.of(job, ProductStore(state.settings.products), job.base)
