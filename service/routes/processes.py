"""OGC API Processes 1.0: what can be run, and the start of a run. Knows no process by name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse

from service.dependencies import BaseUrl, EstimatorDep, OutcomesDep, ProcessesDep, RunnerDep, SettingsDep
from service.formats.process import described, summary
from service.jobs.documents import failure, headers, status_info
from service.jobs.execute import Execute, check_outputs, ordered, process_of
from service.jobs.job import Status
from service.routes.store import ProductsDep
from service.security.access import CallerDep, Run
from service.series.prefer import preferred

router = APIRouter(tags=["processes"])
_JSON = "application/json"


@router.get("/processes", operation_id="get_processes", summary="What can be run")
async def get_processes(processes: ProcessesDep, base: BaseUrl) -> dict[str, Any]:
    """Every process in short."""
    return {
        "processes": [summary(process, base) for process in processes.values()],
        "links": [{"rel": "self", "href": f"{base}/processes", "type": _JSON}],
    }


@router.get("/processes/{process_id}", operation_id="get_process", summary="One process")
async def get_process(process_id: str, processes: ProcessesDep, base: BaseUrl) -> dict[str, Any]:
    """A process with its inputs and outputs."""
    return described(process_of(processes, process_id), base)


@router.post(
    "/processes/{process_id}/execution",
    operation_id="execute",
    summary="Run a process",
    status_code=201,
    dependencies=[Run],
    responses={
        200: {"description": "The results, where the process can run at once and no job is preferred"},
        201: {"description": "The job, new or one with an equal request; Location leads to it"},
    },
)
async def execute(
    request: Request,
    process_id: str,
    body: Execute,
    processes: ProcessesDep,
    runner: RunnerDep,
    outcomes: OutcomesDep,
    products: ProductsDep,
    settings: SettingsDep,
    base: BaseUrl,
    caller: CallerDep,
    prefer: Annotated[
        str,
        Header(
            description="`respond-async`: a job; `wait=n`: seconds that a process which can run at once may "
            "take before it becomes one.",
            examples=["respond-async"],
        ),
    ] = "",
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="Makes a retry safe for 24 hours: the same key and body lead to the same job.",
            examples=["5c0b1c0e-2f64-4c6e-9a53-0c7a2b1d9b11"],
        ),
    ] = None,
) -> JSONResponse:
    """Run a process: at once where it can (`sync-execute`) and no job is preferred, else as a job.

    A live or successful job of an equal request on equal data is returned in the place of a new one.
    """
    process = process_of(processes, process_id)
    request.state.parameters = "body"
    check_outputs(process, body.outputs)
    request.state.parameters = "body.inputs"
    job, reused = await runner.accept(ordered(process, body, base, idempotency_key, caller.owner))
    wants, here = preferred(prefer, settings.wait, settings.limit_wait), f"{base}/jobs/{job.id}"
    more = {"Preference-Applied": wants.applied} if wants.applied else {}
    if "sync-execute" in process.job_control_options and not wants.job:
        job = await runner.ended(job, wants.wait)
        if job.status is Status.failed:
            return failure(job, base).response()
        if job.status is Status.successful:
            more["Link"] = f'<{here}>; rel="monitor"'
            return JSONResponse(await outcomes.of(job, products, base), headers=headers(job) | more)
    return JSONResponse(status_info(job, base, reused), 201, headers(job) | {"Location": here} | more)


@router.post(
    "/processes/{process_id}/estimate",
    operation_id="estimate",
    summary="What a run would cost",
    responses={200: {"description": "Size and cost, told from metadata alone; nothing is started"}},
)
async def estimate(
    request: Request,
    process_id: str,
    body: Execute,
    processes: ProcessesDep,
    estimator: EstimatorDep,
    base: BaseUrl,
) -> JSONResponse:
    """The cost of an execution request, by a model that is fitted to the jobs that ran here."""
    process = process_of(processes, process_id)
    request.state.parameters = "body"
    check_outputs(process, body.outputs)
    request.state.parameters = "body.inputs"
    order = ordered(process, body, base)
    document = await estimator.estimate(process.id, order.inputs)
    return JSONResponse(document, headers={"Cache-Control": "no-store"})
