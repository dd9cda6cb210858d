"""What a request says of its job rather than of the product: whether to redo it, and when to end it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from isoduration import parse_duration
from isoduration.parser.exceptions import DurationParsingException
from pydantic import BaseModel, ConfigDict, Field, field_validator

from service.catalog.moments import moment


class Controls(BaseModel):
    """Inputs that every process takes beside its own. They are no part of a request's identity."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    force: bool = Field(
        False,
        description="Compute again even where an equal request has its product; the new one gets the next "
        "version, and the two are linked.",
        examples=[True],
    )
    deadline: str | None = Field(
        None,
        description="When the job must end: an RFC 3339 date-time, or an ISO 8601 duration from now. What is "
        "done by then stays readable, and an equal request later goes on from there.",
        examples=["PT2H", "2026-12-01T06:00:00Z"],
    )
    max_cpu_seconds: float | None = Field(
        None,
        gt=0,
        description="Processor seconds that the job may use; then it ends as at a deadline.",
        examples=[30000],
    )

    @field_validator("deadline")
    @classmethod
    def _understood(cls, text: str | None) -> str | None:
        if text is not None:
            _until(text, dt.datetime(2000, 1, 1))
        return text

    def ends(self, now: dt.datetime) -> dt.datetime | None:
        """The deadline as a moment (naive UTC, whole seconds), for a request that arrives now."""
        return None if self.deadline is None else _until(self.deadline, now)


def _until(text: str, now: dt.datetime) -> dt.datetime:
    if not text.startswith("P"):
        try:
            return moment(text).replace(microsecond=0)
        except ValueError as error:
            raise ValueError(f"deadline {error} Or write a duration like PT2H.") from None
    try:
        duration = parse_duration(text)
        end = (now + duration).replace(microsecond=0)
    except (DurationParsingException, OverflowError, ValueError):
        raise ValueError(f"deadline {text!r} is no ISO 8601 duration; write it like PT2H or P1D.") from None
    if end <= now:
        raise ValueError(f"deadline {text!r} is no time to come; write it like PT2H or P1D.")
    return end


@dataclass(frozen=True, slots=True)
class Order:
    """A request for a job as it came in."""

    process: str
    inputs: dict[str, Any]
    """Those of the process alone"""
    controls: Controls
    document: dict[str, Any]
    """The body of the request as it was sent"""
    base: str
    """Address of the service as the client knows it"""
    key: str | None = None
    """Idempotency-Key of the client"""
    owner: str | None = None
    """Whose job it is; see `service.security.caller`"""
