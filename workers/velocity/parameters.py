"""What a user can choose about a velocity inversion."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from workers.calendar import Interval, Step
from workers.errors import InvalidRequest

Penalty = Literal["jumps", "acceleration"]


def _interval(where: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            Interval.parse(text, where)
        except InvalidRequest as error:
            raise ValueError(error.message) from None
        return text.strip()

    return AfterValidator(check)


def _step(text: str) -> str:
    try:
        return Step.parse(text).text
    except InvalidRequest as error:
        raise ValueError(error.message) from None


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a finite number is needed")
    return value


class VelocityParameters(BaseModel):
    """The choices of one inversion, validated; the same words everywhere (HTTP, job inputs, command line)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    datetime: Annotated[str, _interval("datetime")] | None = Field(
        None,
        description="Selects the windows that lie wholly inside this RFC 3339 interval; the inversion always "
        "uses the whole record.",
        examples=["2015-01-01/2022-12-31"],
    )
    pairs_datetime: Annotated[str, _interval("pairs_datetime")] | None = Field(
        None,
        description="Restricts the image pairs: both dates must lie inside this RFC 3339 interval.",
        examples=["2014-06-01/.."],
    )
    step: Annotated[str, AfterValidator(_step)] = Field(
        "P30D",
        description="Length of a window, an ISO 8601 duration from P5D to P1Y. Windows of a fixed length are "
        "counted from 1970-01-01; months and years follow the calendar.",
        examples=["P30D", "P1M"],
    )
    regularization: Literal["accel", "zero", "model"] = Field(
        "accel",
        description="accel pulls the acceleration towards that of a smoothed first guess, zero towards none, "
        "model towards that of annual and semi-annual cycles whose amplitudes are fitted along.",
        examples=["accel"],
    )
    penalty: Penalty = Field(
        "jumps",
        description="What the regularisation acts on: jumps of velocity between dates, as in the paper, "
        "or these over the root of the days between, which depends little on how dense the dates are.",
        examples=["acceleration"],
    )
    coefficient: Annotated[float, AfterValidator(_finite)] = Field(
        100.0,
        gt=0,
        le=1e6,
        description="Strength of the regularisation (the paper's lambda is its square).",
    )
    error_weights: bool = Field(
        False, description="Weigh pairs by the errors that the cube states, as displacements."
    )
    interval: Literal["theoretical", "scaled"] = Field(
        "theoretical",
        description="The 95 % interval v_low..v_high: from the stated errors alone, or scaled by the "
        "residuals of the pixel.",
    )

    @property
    def window_interval(self) -> Interval | None:
        """`datetime`, parsed."""
        return None if self.datetime is None else Interval.parse(self.datetime)

    @property
    def pair_interval(self) -> Interval | None:
        """`pairs_datetime`, parsed."""
        return None if self.pairs_datetime is None else Interval.parse(self.pairs_datetime, "pairs_datetime")

    @property
    def window_step(self) -> Step:
        """`step`, parsed."""
        return Step.parse(self.step)
