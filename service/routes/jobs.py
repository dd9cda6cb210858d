"""Jobs as OGC API Processes 1.0 has them: list, status, results, dismissal."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from service.dependencies import (
    BaseUrl,
    JobLogDep,
    JobsDep,
    OutcomesDep,
    ProcessesDep,
    RunnerDep,
    SettingsDep,
)
from service.errors import JobDismissed, ResultNotReady
from service.jobs.documents import failure, headers, status_info
from service.jobs.execute import Execute, ordered, process_of
from service.jobs.job import Status
from service.jobs.listing import JobsQuery, of_owner
from service.paging import check_limit, link, links_of, number
from service.routes.store import ProductsDep
from service.security.access import CallerDep, Run, check_owner, listed_for
from workers.errors import InvalidRequest

router = APIRouter(tags=["jobs"])


@router.get("/jobs", operation_id="get_jobs", summary="All jobs")
async def get_jobs(
    query: Annotated[JobsQuery, Query()],
    jobs: JobsDep,
    settings: SettingsDep,
    base: BaseUrl,
    caller: CallerDep,
) -> JSONResponse:
    """A page of the caller's jobs, newest first; with the scope admin those of everybody."""
    check_limit(query.limit, settings.limit_list)
    before = None if query.token is None else number(query.token)
    page, rest = await jobs.page(
        query.limit, [*query.conditions, *of_owner(listed_for(caller, "jobs"))], before
    )
    asked = query.model_dump(exclude_unset=True, exclude_none=True)
    links = links_of(f"{base}/jobs", asked, rest)
    document = {"jobs": [status_info(job, base) for job in page], "links": links}
    return JSONResponse(document, headers={"Cache-Control": "no-store"})


@router.get("/jobs/{job_id}", operation_id="get_job", summary="Status of a job")
async def get_job(job_id: str, jobs: JobsDep, base: BaseUrl) -> JSONResponse:
    """How far a job is, by blocks."""
    job = await jobs.get(job_id)
    return JSONResponse(status_info(job, base), headers=headers(job))


@router.get("/jobs/{job_id}/results", operation_id="get_results", summary="Results of a job")
async def get_results(
    job_id: str,
    jobs: JobsDep,
    outcomes: OutcomesDep,
    products: ProductsDep,
    base: BaseUrl,
    outputs: Annotated[
        str | None, Query(description="Only these outputs, by comma.", examples=["item,summary"])
    ] = None,
) -> Response:
    """Where the product and its STAC item are, or the series; for a failed job, the problem that ended it."""
    job = await jobs.get(job_id)
    if job.status is Status.failed:
        return failure(job, base).response()
    if job.status is Status.dismissed:
        raise JobDismissed(f"Job {job.id} was dismissed; send the request again.")
    if job.live:
        raise ResultNotReady(f"Job {job.id} is {job.status}: {job.message}", job.progress)
    made = await outcomes.of(job, products, base)
    wanted = list(made) if outputs is None else [name.strip() for name in outputs.split(",")]
    for name in wanted:
        if name not in made:
            raise InvalidRequest(f"outputs {name!r} is none of the job; it has {', '.join(made)}.", "outputs")
    return JSONResponse({name: made[name] for name in wanted}, headers=headers(job))


@router.get("/jobs/{job_id}/inputs", operation_id="get_inputs", summary="Request of a job")
async def get_inputs(job_id: str, jobs: JobsDep, base: BaseUrl, caller: CallerDep) -> dict[str, Any]:
    """The execution request as it was sent, but for the subscriber, whose addresses may hold its secrets."""
    job = await jobs.get(job_id)
    check_owner(caller, job.owner, f"Job {job.id}")
    here = f"{base}/jobs/{job.id}"
    links = [link("self", f"{here}/inputs"), link("up", here)]
    request = {name: value for name, value in job.request.items() if name != "subscriber"}
    return {"id": job.id, "processID": job.process, **request, "links": links}


@router.get("/jobs/{job_id}/logs", operation_id="get_logs", summary="What happened to a job")
async def get_logs(
    job_id: str,
    jobs: JobsDep,
    log: JobLogDep,
    settings: SettingsDep,
    base: BaseUrl,
    caller: CallerDep,
    limit: Annotated[int, Query(ge=1, description="Lines a page.", examples=[100])] = 100,
    offset: Annotated[
        int, Query(ge=0, le=2**31 - 1, description="Start behind the line of this id.", examples=[12])
    ] = 0,
) -> JSONResponse:
    """The log of a job, oldest line first."""
    job = await jobs.get(job_id)
    check_owner(caller, job.owner, f"Job {job.id}")
    check_limit(limit, settings.limit_list)
    lines = await log.read(job.id, limit, offset)
    here = f"{base}/jobs/{job.id}"
    links = [link("up", here)]
    if len(lines) == limit:
        links.append(link("next", f"{here}/logs", {"limit": limit, "offset": lines[-1]["id"]}))
    return JSONResponse({"logs": lines, "links": links}, headers={"Cache-Control": "no-store"})


@router.post(
    "/jobs/{job_id}/replay",
    operation_id="replay_job",
    summary="Run the request of a job again",
    status_code=201,
    dependencies=[Run],
    responses={201: {"description": "The job, new or one with an equal request; Location leads to it"}},
)
async def replay_job(
    job_id: str,
    jobs: JobsDep,
    runner: RunnerDep,
    processes: ProcessesDep,
    base: BaseUrl,
    caller: CallerDep,
) -> JSONResponse:
    """Run the stored request on the cubes as they are now.

    Where these are the same and the job was successful, it is its own replay, and is returned.
    """
    earlier = await jobs.get(job_id)
    check_owner(caller, earlier.owner, f"Job {earlier.id}")
    body = Execute.model_validate(earlier.request)
    job, reused = await runner.accept(
        ordered(process_of(processes, earlier.process), body, base, owner=caller.owner)
    )
    return JSONResponse(
        status_info(job, base, reused), 201, headers(job) | {"Location": f"{base}/jobs/{job.id}"}
    )


@router.delete("/jobs/{job_id}", operation_id="dismiss_job", summary="Dismiss a job", dependencies=[Run])
async def dismiss_job(
    job_id: str, jobs: JobsDep, runner: RunnerDep, base: BaseUrl, caller: CallerDep
) -> JSONResponse:
    """Stop a job that runs; forget one that has ended, whose product stays."""
    job = await jobs.get(job_id)
    check_owner(caller, job.owner, f"Job {job.id}")
    job = await runner.dismiss(job_id)
    document = status_info(job, base) | {"status": Status.dismissed}
    return JSONResponse(document, headers={"Cache-Control": "no-store"})
