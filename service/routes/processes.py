"""OGC API Processes 1.0: what can be run, and the start of a run. Knows no process by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.dependencies import BaseUrl, EstimatorDep, OutcomesDep, ProcessesDep, RunnerDep, SettingsDep
from service.errors import NoSuchProcess
from service.formats.oas30 import oas30
from service.jobs.callbacks import Subscriber
from service.jobs.controls import Controls, Order
from service.jobs.documents import failure, headers, status_info
from service.jobs.job import Status
from service.routes.store import ProductsDep
from service.series.prefer import preferred
from workers.errors import InvalidRequest
from workers.processes import Process

router = APIRouter(tags=["processes"])
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_JSON = "application/json"
Model = TypeVar("Model", bound=BaseModel)


class Output(BaseModel):
    """How one output is wanted."""

    model_config = ConfigDict(extra="forbid")

    transmissionMode: Literal["value", "reference"] | None = None  # noqa: N815 (OGC's name)
    format: dict[str, Any] | None = None


class Execute(BaseModel):
    """A request to run a process."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] = Field(
        default_factory=dict,
        description="Values by the names that the process description gives.",
        examples=[{"bbox": [-49.6, 69.0, -49.3, 69.2], "step": "P30D"}],
    )
    outputs: dict[str, Output] = Field(
        default_factory=dict, description="Accepted where the names exist; all outputs are there in any case."
    )
    response: Literal["raw", "document"] = Field(
        "document", description="Accepted; the answer is always a document."
    )
    subscriber: Subscriber | None = Field(None, description="Who is told of the job's states.")


@router.get("/processes", operation_id="get_processes", summary="What can be run")
async def get_processes(processes: ProcessesDep, base: BaseUrl) -> dict[str, Any]:
    """Every process in short."""
    return {
        "processes": [_summary(process, base) for process in processes.values()],
        "links": [{"rel": "self", "href": f"{base}/processes", "type": _JSON}],
    }


@router.get("/processes/{process_id}", operation_id="get_process", summary="One process")
async def get_process(process_id: str, processes: ProcessesDep, base: BaseUrl) -> dict[str, Any]:
    """A process with its inputs and outputs."""
    process = process_of(processes, process_id)
    inputs: dict[str, Any] = {}
    for model in (process.inputs, Controls):
        schema = model.model_json_schema()
        required, definitions = schema.get("required", []), schema.get("$defs", {})
        for name, part in schema["properties"].items():
            inputs[name] = _input(name, oas30(part, definitions), name in required)
    return {**_summary(process, base), "inputs": inputs, "outputs": process.outputs}


@router.post(
    "/processes/{process_id}/execution",
    operation_id="execute",
    summary="Run a process",
    status_code=201,
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
    _check_outputs(process, body.outputs)
    request.state.parameters = "body.inputs"
    job, reused = await runner.accept(ordered(process, body, base, idempotency_key))
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
    _check_outputs(process, body.outputs)
    request.state.parameters = "body.inputs"
    order = ordered(process, body, base)
    document = await estimator.estimate(process.id, order.inputs)
    return JSONResponse(document, headers={"Cache-Control": "no-store"})


def ordered(process: Process, body: Execute, base: str, key: str | None = None) -> Order:
    """An execution request, checked and parted into the process's own inputs and those of its job.

    Raises:
        RequestValidationError: an input is none of the process, or not what it takes.
    """
    inputs = {name: _plain(value) for name, value in body.inputs.items()}
    about_job = {name: inputs.pop(name) for name in Controls.model_fields if name in inputs}
    _check(process.inputs, inputs, (*process.inputs.model_fields, *Controls.model_fields))
    controls = _check(Controls, about_job, Controls.model_fields)
    return Order(process.id, inputs, controls, body.model_dump(exclude_unset=True), base, key)


def process_of(processes: Mapping[str, Process], process_id: str) -> Process:
    """The process of an id.

    Raises:
        NoSuchProcess: there is none.
    """
    if process_id not in processes:
        raise NoSuchProcess(f"There is no process {process_id!r}; there is {', '.join(processes)}.")
    return processes[process_id]


def _summary(process: Process, base: str) -> dict[str, Any]:
    here = f"{base}/processes/{process.id}"
    return {
        "id": process.id,
        "version": process.version,
        "title": process.title,
        "description": process.description,
        "keywords": list(process.keywords),
        "jobControlOptions": list(process.job_control_options),
        "outputTransmission": ["value", "reference"],
        "links": [
            {"rel": "self", "href": here, "type": _JSON, "title": "This process"},
            {"rel": f"{_REL}/execute", "href": f"{here}/execution", "type": _JSON, "title": "Run it by POST"},
            {"rel": "estimate", "href": f"{here}/estimate", "type": _JSON, "title": "Its cost, by POST"},
        ],
    }


def _input(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    """An inputDescription; title and description move out of the schema."""
    about = {"title": schema.pop("title", name), "description": schema.pop("description", "")}
    return {**about, "minOccurs": int(required), "maxOccurs": 1, "schema": schema}


def _plain(value: Any) -> Any:
    """An input without the wrapping that OGC allows: `{"value": ..., "mediaType": ...}`."""
    wrapped = (
        isinstance(value, dict)
        and "value" in value
        and set(value) <= {"value", "mediaType", "encoding", "schema"}
    )
    return value["value"] if wrapped else value


def _check(model: type[Model], inputs: dict[str, Any], known: Iterable[str]) -> Model:
    """Refuse inputs that a model does not take, before anything is read."""
    try:
        return model.model_validate(inputs)
    except ValidationError as error:
        names = {"known": list(known)}
        raise RequestValidationError(
            [
                found | {"loc": ("body", "inputs", *found["loc"]), "ctx": found.get("ctx", {}) | names}
                for found in error.errors(include_url=False)
            ]
        ) from None


def _check_outputs(process: Process, outputs: Mapping[str, Output]) -> None:
    for name in outputs:
        if name not in process.outputs:
            raise InvalidRequest(
                f"outputs.{name} is none of the process; it has {', '.join(process.outputs)}.",
                f"outputs.{name}",
            )
