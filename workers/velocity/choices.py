"""How each kind of choice is read: intervals, durations, coefficients, lists of names."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from workers.calendar import Interval
from workers.errors import InvalidRequest
from workers.velocity.filters import NO_FILTER, OUTLIER_FILTERS
from workers.windows import Step

Penalty = Literal["jumps", "acceleration"]
Weights = Literal["joint", "separate"]
CoefficientRule = Literal["auto", "vvc", "lcurve"]


def _interval(where: str) -> AfterValidator:
    def check(text: str) -> str:
        try:
            Interval.parse(text, where)
        except InvalidRequest as error:
            raise ValueError(error.message) from None
        return text.strip()

    return AfterValidator(check)


def _duration(parse: Callable[[str], Step]) -> AfterValidator:
    def check(text: str) -> str:
        try:
            return parse(text).text
        except InvalidRequest as error:
            raise ValueError(error.message) from None

    return AfterValidator(check)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("a finite number is needed")
    return value


def _coefficient(value: object, check: ValidatorFunctionWrapHandler) -> float | CoefficientRule:
    try:
        return check(value)
    except ValidationError:
        rules = ", ".join(get_args(CoefficientRule))
        raise ValueError(
            f"coefficient is a number above 0 and at most 1e6, or one of {rules}; {value!r} is not"
        ) from None


def _names(text: str) -> tuple[str, ...]:
    """The parts of a comma list."""
    names = tuple(part.strip() for part in text.split(","))
    again = sorted({name for name in names if names.count(name) > 1})
    if not all(names) or again:
        raise ValueError(f"{text!r} {'repeats ' + again[0] if all(names) else 'has an empty part'}")
    return names


def _filters(text: str) -> str:
    names = _names(text.lower())
    unknown = [name for name in names if name not in OUTLIER_FILTERS]
    if names != (NO_FILTER,) and unknown:
        known = ", ".join(OUTLIER_FILTERS)
        rule = f"filter is {NO_FILTER}, or one or more of {known}, joined by commas"
        raise ValueError(f"{rule}; {unknown[0]!r} is not")
    return ",".join(names)


def _sensors(text: str) -> str:
    return ",".join(sorted(_names(text.upper())))


def _datasets(text: str) -> str:
    return ",".join(sorted(_names(text)))


Period = Annotated[str, _interval("datetime")]
PairsPeriod = Annotated[str, _interval("pairs_datetime")]
StepText = Annotated[str, _duration(Step.parse)]
StrideText = Annotated[str, _duration(Step.parse_stride)]
Filters = Annotated[str, AfterValidator(_filters)]
Sensors = Annotated[str, AfterValidator(_sensors)]
DataSets = Annotated[str, AfterValidator(_datasets)]
Coefficient = Annotated[Annotated[float, Field(gt=0, le=1e6)] | CoefficientRule, WrapValidator(_coefficient)]
Speed = Annotated[float, Field(ge=0), AfterValidator(_finite)]
Days = Annotated[int, Field(ge=1, le=100_000)]
