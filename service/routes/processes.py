"""OGC API Processes 1.0: what can be run, and the start of a run. Knows no process by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.dependencies import BaseUrl, ProcessesDep, RunnerDep
from service.errors import NoSuchProcess
from service.formats.oas30 import oas30
from service.jobs.documents import headers, status_info
from workers.errors import InvalidRequest
from workers.processes import Process

router = APIRouter(tags=["processes"])
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_JSON = "application/json"


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
    process = _process(processes, process_id)
    schema = process.inputs.model_json_schema()
    required, definitions = schema.get("required", []), schema.get("$defs", {})
    return {
        **_summary(process, base),
        "inputs": {
            name: _input(name, oas30(part, definitions), name in required)
            for name, part in schema["properties"].items()
        },
        "outputs": process.outputs,
    }


@router.post(
    "/processes/{process_id}/execution",
    operation_id="execute",
    summary="Run a process",
    status_code=201,
    responses={201: {"description": "The job, new or one with an equal request; Location leads to it"}},
)
async def execute(
    request: Request,
    process_id: str,
    body: Execute,
    processes: ProcessesDep,
    runner: RunnerDep,
    base: BaseUrl,
    prefer: Annotated[str, Header()] = "",
) -> JSONResponse:
    """Start a job. A live or successful job of an equal request on equal data is returned in its place."""
    process = _process(processes, process_id)
    request.state.parameters = "body"
    _check_outputs(process, body.outputs)
    request.state.parameters = "body.inputs"
    inputs = {name: _plain(value) for name, value in body.inputs.items()}
    _check(process, inputs)
    job, reused = await runner.accept(process.id, inputs, body.model_dump(exclude_unset=True))
    more = {"Location": f"{base}/jobs/{job.id}"}
    if "respond-async" in prefer.lower():
        more["Preference-Applied"] = "respond-async"
    return JSONResponse(status_info(job, base, reused), 201, headers(job) | more)


def _process(processes: Mapping[str, Process], process_id: str) -> Process:
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


def _check(process: Process, inputs: dict[str, Any]) -> None:
    """Refuse inputs that the process does not take, before anything is read."""
    try:
        process.inputs.model_validate(inputs)
    except ValidationError as error:
        known = {"known": list(process.inputs.model_fields)}
        raise RequestValidationError(
            [
                found | {"loc": ("body", "inputs", *found["loc"]), "ctx": found.get("ctx", {}) | known}
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
