"""What routes take from the running service; tests put their own in place by `app.dependency_overrides`.

All of it is at hand, so the functions are coroutines: FastAPI would hand plain ones to a thread, one after
the other, which costs a request more than its work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import ParamTypes

from service.catalog.store import Catalog
from service.cluster import Cluster
from service.jobs.estimate import Estimator
from service.jobs.log import JobLog
from service.jobs.outcome import Outcomes
from service.jobs.runner import Runner
from service.jobs.store import JobStore
from service.series.answers import Answers
from service.settings import Settings
from service.subscriptions.lookout import Lookout
from service.subscriptions.store import SubscriptionStore
from service.tasks import Tasks
from workers.processes import Process


async def settings(request: Request) -> Settings:
    """The settings that the service runs with."""
    return request.app.state.settings


async def _base_url(request: Request) -> str:
    return base_url(request)


def base_url(request: Request) -> str:
    """The address that links start with, without a slash at its end."""
    return request.app.state.settings.public_url or str(request.base_url).rstrip("/")


async def cluster(request: Request) -> Cluster:
    """The Dask cluster that computes."""
    return request.app.state.cluster


async def tasks(request: Request) -> Tasks:
    """The functions that run on the cluster."""
    return request.app.state.tasks


async def processes(request: Request) -> Mapping[str, Process]:
    """The registry of processes."""
    return request.app.state.processes


async def jobs(request: Request) -> JobStore:
    """The records of jobs."""
    return request.app.state.jobs


async def runner(request: Request) -> Runner:
    """What carries jobs out."""
    return request.app.state.runner


async def outcomes(request: Request) -> Outcomes:
    """What finds the results of jobs."""
    return request.app.state.outcomes


async def estimator(request: Request) -> Estimator:
    """What tells the cost of jobs."""
    return request.app.state.estimator


async def job_log(request: Request) -> JobLog:
    """What happened to each job."""
    return request.app.state.log


async def catalog(request: Request) -> Catalog:
    """The STAC catalog of products."""
    return request.app.state.catalog


async def answers(request: Request) -> Answers:
    """What answers for series at places."""
    return request.app.state.answers


async def subscriptions(request: Request) -> SubscriptionStore:
    """The records of subscriptions."""
    return request.app.state.subscriptions


async def lookout(request: Request) -> Lookout:
    """What looks at that which subscriptions watch."""
    return request.app.state.lookout


async def known_query(request: Request) -> None:
    """Refuse query parameters that the route does not have, and any that is given twice.

    Raises:
        RequestValidationError: naming every such parameter and the nearest one there is.
    """
    known = [
        field.alias
        for field in get_flat_params(request.scope["route"].dependant)
        if getattr(field.field_info, "in_", ParamTypes.query) is ParamTypes.query
    ]
    errors = []
    for name in dict.fromkeys(request.query_params.keys()):
        place = {"loc": ("query", name), "input": request.query_params[name]}
        if name not in known:
            errors.append({"type": "extra_forbidden", "msg": "unknown", "ctx": {"known": known}, **place})
        elif len(request.query_params.getlist(name)) > 1:
            message = f"{name} is given more than once; give it once."
            errors.append({"type": "value_error", "msg": message, **place})
    if errors:
        raise RequestValidationError(errors)


SettingsDep = Annotated[Settings, Depends(settings)]
BaseUrl = Annotated[str, Depends(_base_url)]
ClusterDep = Annotated[Cluster, Depends(cluster)]
TasksDep = Annotated[Tasks, Depends(tasks)]
ProcessesDep = Annotated[Mapping[str, Process], Depends(processes)]
JobsDep = Annotated[JobStore, Depends(jobs)]
RunnerDep = Annotated[Runner, Depends(runner)]
AnswersDep = Annotated[Answers, Depends(answers)]
OutcomesDep = Annotated[Outcomes, Depends(outcomes)]
EstimatorDep = Annotated[Estimator, Depends(estimator)]
JobLogDep = Annotated[JobLog, Depends(job_log)]
SubscriptionsDep = Annotated[SubscriptionStore, Depends(subscriptions)]
LookoutDep = Annotated[Lookout, Depends(lookout)]
CatalogDep = Annotated[Catalog, Depends(catalog)]
