"""What a subscription asks for, and the answer of `/timeseries` that it watches."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.jobs.callbacks import Uri
from service.jobs.execute import checked, plain
from service.series.query import SeriesQuery
from service.series.representation import Representation
from workers.errors import InvalidRequest
from workers.geojson import Place
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point_process import VelocityPointInputs

_CHOICES = {*VelocityParameters.model_fields, "observations", "max_distance"}


class Receiver(BaseModel):
    """Who is told. The address is https and on the open internet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    successUri: Uri = Field(  # noqa: N815 (as subscribers of jobs have it)
        description="Gets what there is to tell by POST.", examples=["https://me.example/changed"]
    )


class Subscribe(BaseModel):
    """A request to be told when the series at a place changes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    inputs: dict[str, Any] = Field(
        description="As those of the process velocity-point, with one place.",
        examples=[{"points": [[-139.02, 60.745]], "step": "P30D"}],
    )
    subscriber: Receiver = Field(
        description="Who is told: successUri, https and on the open internet.",
        examples=[{"successUri": "https://me.example/changed"}],
    )
    when: Literal["change", "acceleration"] = Field(
        "change",
        description="change: the series differs from that of the look before. acceleration: it differs, or "
        "this is the first look, and its newest window with data is faster than the mean of the 366 days "
        "before that window's start by more than `percent`, and its v_low lies above the mean v_high of "
        "these. A window has data if it has a speed and is not flagged filled; those before lie whole in the "
        "366 days and cover half of them together, or nothing is told.",
        examples=["acceleration"],
    )
    percent: float = Field(
        50.0,
        gt=0,
        le=10_000,
        allow_inf_nan=False,
        description="For acceleration: by how much faster at least.",
        examples=[30],
    )

    @model_validator(mode="after")
    def _percent_of_something(self) -> Subscribe:
        if "percent" in self.model_fields_set and self.when == "change":
            raise ValueError("percent is for when=acceleration; leave it out.")
        return self


def inputs_of(body: Subscribe) -> VelocityPointInputs:
    """The inputs of a request, checked.

    Raises:
        RequestValidationError: an input is none of the process, or not what it takes.
        InvalidRequest: there are several places.
    """
    given = {name: plain(value) for name, value in body.inputs.items()}
    inputs = checked(VelocityPointInputs, given, VelocityPointInputs.model_fields)
    if len(inputs.points) > 1:
        raise InvalidRequest(
            f"points holds {len(inputs.points)} places and a subscription watches one; subscribe to each.",
            "points",
        )
    return inputs


@dataclass(frozen=True, slots=True)
class Wish:
    """A request for a subscription, checked."""

    request: dict[str, Any]
    """As it is kept: of the inputs what differs from the defaults, of the rest everything"""
    request_sha256: str
    """What makes two requests of one caller the same, in hex"""
    owner: str | None
    """Who asks; see `service.security.caller`"""
    watched: Representation


def wish(body: Subscribe, owner: str | None, base: str) -> Wish:
    """What a caller asks for by a body, at the address `base` of the service.

    Raises:
        RequestValidationError, InvalidRequest: as `inputs_of` does.
    """
    request = {"inputs": inputs_of(body).model_dump(mode="json", exclude_defaults=True)}
    request |= body.model_dump(mode="json", exclude={"inputs", "percent"})
    if body.when == "acceleration":
        request["percent"] = body.percent
    text = json.dumps(request | {"owner": owner}, sort_keys=True, separators=(",", ":"))
    return Wish(request, hashlib.sha256(text.encode()).hexdigest(), owner, watched(body, base))


def watched(body: Subscribe, base: str) -> Representation:
    """The answer that a GET of `/timeseries` with the place and parameters of a request has, in json."""
    inputs = inputs_of(body)
    ((lon, lat),) = inputs.points
    choices = inputs.model_dump(mode="json", include=_CHOICES, exclude_defaults=True)
    query = SeriesQuery(lon=repr(lon), lat=repr(lat), **choices)
    return Representation("json", query, [Place(lon, lat)], False, base)
