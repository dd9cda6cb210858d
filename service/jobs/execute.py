"""A request to run a process, checked and parted into what the process and its job are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import NoSuchProcess
from service.jobs.callbacks import Subscriber
from service.jobs.controls import Controls, Order
from workers.errors import InvalidRequest
from workers.processes import Process

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


def ordered(
    process: Process, body: Execute, base: str, key: str | None = None, owner: str | None = None
) -> Order:
    """An execution request, checked and parted into the process's own inputs and those of its job.

    Raises:
        RequestValidationError: an input is none of the process, or not what it takes.
    """
    inputs = {name: plain(value) for name, value in body.inputs.items()}
    about_job = {name: inputs.pop(name) for name in Controls.model_fields if name in inputs}
    checked(process.inputs, inputs, (*process.inputs.model_fields, *Controls.model_fields))
    controls = checked(Controls, about_job, Controls.model_fields)
    return Order(process.id, inputs, controls, body.model_dump(exclude_unset=True), base, key, owner)


def process_of(processes: Mapping[str, Process], process_id: str) -> Process:
    """The process of an id.

    Raises:
        NoSuchProcess: there is none.
    """
    if process_id not in processes:
        raise NoSuchProcess(f"There is no process {process_id!r}; there is {', '.join(processes)}.")
    return processes[process_id]


def plain(value: Any) -> Any:
    """An input without the wrapping that OGC allows: `{"value": ..., "mediaType": ...}`."""
    wrapped = (
        isinstance(value, dict)
        and "value" in value
        and set(value) <= {"value", "mediaType", "encoding", "schema"}
    )
    return value["value"] if wrapped else value


def checked(model: type[Model], inputs: dict[str, Any], known: Iterable[str]) -> Model:
    """Inputs as a model has them, before anything is read.

    Raises:
        RequestValidationError: the model does not take one; `known` are the names that there are.
    """
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


def check_outputs(process: Process, outputs: Mapping[str, Output]) -> None:
    """Refuse outputs that a process does not have.

    Raises:
        InvalidRequest: naming those it has.
    """
    for name in outputs:
        if name not in process.outputs:
            raise InvalidRequest(
                f"outputs.{name} is none of the process; it has {', '.join(process.outputs)}.",
                f"outputs.{name}",
            )
