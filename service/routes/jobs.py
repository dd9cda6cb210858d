"""Jobs as OGC API Processes 1.0 has them: list, status, results, dismissal."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator

from service.catalog.links import served_item
from service.dependencies import BaseUrl, CatalogDep, JobsDep, RunnerDep, SettingsDep
from service.errors import JobDismissed, ResultNotReady
from service.jobs.documents import headers, results, status_info
from service.jobs.job import Job, Status
from service.problems import Problem
from service.routes.store import ProductsDep
from workers.errors import InvalidRequest

router = APIRouter(tags=["jobs"])


class JobsQuery(BaseModel):
    """Which jobs a list holds."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=1, description="Jobs a page.")
    status: str | None = Field(
        None, description="Only jobs in these states, by comma.", examples=["accepted,running"]
    )
    processID: str | None = Field(None, description="Only jobs of these processes, by comma.")  # noqa: N815
    token: int | None = Field(None, ge=1, description="Where the page starts, from a next link.")

    @field_validator("status")
    @classmethod
    def _only_states(cls, value: str | None) -> str | None:
        for name in _parts(value):
            if name not in list(Status):
                raise ValueError(f"status {name!r} is none; the states are {', '.join(Status)}.")
        return value


@router.get("/jobs", operation_id="get_jobs", summary="All jobs")
async def get_jobs(
    query: Annotated[JobsQuery, Query()], jobs: JobsDep, settings: SettingsDep, base: BaseUrl
) -> JSONResponse:
    """A page of the jobs, newest first."""
    if query.limit > settings.limit_list:
        raise InvalidRequest(f"limit {query.limit} is over the {settings.limit_list} of one page.", "limit")
    page = await jobs.page(query.limit, _parts(query.status), _parts(query.processID), query.token)
    asked = query.model_dump(exclude_unset=True, exclude_none=True)
    links = [_link("self", base, asked)]
    if page.before is not None:
        links.append(_link("next", base, asked | {"token": page.before}))
    document = {"jobs": [status_info(job, base) for job in page.jobs], "links": links}
    return JSONResponse(document, headers={"Cache-Control": "no-store"})


@router.get("/jobs/{job_id}", operation_id="get_job", summary="Status of a job")
async def get_job(job_id: str, jobs: JobsDep, base: BaseUrl) -> JSONResponse:
    """How far a job is, by blocks."""
    job = await jobs.get(job_id)
    return JSONResponse(status_info(job, base), headers=headers(job))


@router.get("/jobs/{job_id}/results", operation_id="get_results", summary="Results of a job")
async def get_results(
    job_id: str, jobs: JobsDep, catalog: CatalogDep, products: ProductsDep, base: BaseUrl
) -> Response:
    """Where the product and its STAC item are; for a failed job, the problem that ended it."""
    job = await jobs.get(job_id)
    if job.status is Status.failed:
        return _why(job, base).response()
    if job.status is Status.dismissed:
        raise JobDismissed(f"Job {job.id} was dismissed; send the request again.")
    if job.live:
        raise ResultNotReady(f"Job {job.id} is {job.status}: {job.message}", job.progress)
    item = served_item(await catalog.get(job.collection, job.item), base, products)
    return JSONResponse(results(job, item), headers=headers(job))


@router.delete("/jobs/{job_id}", operation_id="dismiss_job", summary="Dismiss a job")
async def dismiss_job(job_id: str, runner: RunnerDep, base: BaseUrl) -> JSONResponse:
    """Stop a job that runs; forget one that has ended, whose product stays."""
    job = await runner.dismiss(job_id)
    document = status_info(job, base) | {"status": Status.dismissed}
    return JSONResponse(document, headers={"Cache-Control": "no-store"})


def _why(job: Job, base: str) -> Problem:
    """The stored problem of a failed job, its type URI made absolute."""
    kind = job.problem["type"]
    document = job.problem | {"type": f"{base}{kind}" if kind.startswith("/") else kind}
    return Problem(document["status"], document, headers(job))


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []


def _link(rel: str, base: str, asked: dict[str, Any]) -> dict[str, str]:
    query = f"?{urlencode(asked, safe=',')}" if asked else ""
    return {"rel": rel, "href": f"{base}/jobs{query}", "type": "application/json"}
