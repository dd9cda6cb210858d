"""Which jobs a list holds: the parameters of OGC API Processes 1.0, class `job-list`."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from service.catalog.moments import Period, span
from service.jobs.job import LIVE, Status, now
from service.jobs.table import JOBS


class JobsQuery(BaseModel):
    """Which jobs a list holds. Everything given must hold at once."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=1, description="Jobs a page.", examples=[100])
    status: str | None = Field(
        None, description="Only jobs in these states, by comma.", examples=["accepted,running"]
    )
    processID: str | None = Field(  # noqa: N815 (OGC's name)
        None, description="Only jobs of these processes, by comma.", examples=["velocity-cube"]
    )
    datetime: Period | None = Field(
        None,
        description="Only jobs created then: an RFC 3339 date-time, or an interval, `..` for an open side.",
        examples=["2026-11-01T00:00:00Z/.."],
    )
    minDuration: float | None = Field(  # noqa: N815
        None, ge=0, description="Only jobs that have run for at least so many seconds.", examples=[60]
    )
    maxDuration: float | None = Field(  # noqa: N815
        None, ge=0, description="Only jobs that have run for at most so many seconds.", examples=[3600]
    )
    token: str | None = Field(
        None, description="Where the page starts, from a next link.", examples=["YmVmb3JlOjQy"]
    )

    @field_validator("status")
    @classmethod
    def _only_states(cls, value: str | None) -> str | None:
        for name in _parts(value):
            if name not in list(Status):
                raise ValueError(f"status {name!r} is none; the states are {', '.join(Status)}.")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> JobsQuery:
        if None not in (self.minDuration, self.maxDuration) and self.minDuration > self.maxDuration:
            raise ValueError("minDuration is over maxDuration; exchange the two.")
        return self

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """What a record must fulfil."""
        found: list[sa.ColumnElement[bool]] = []
        if self.status is not None:
            found.append(JOBS.c.status.in_(_parts(self.status)))
        if self.processID is not None:
            found.append(JOBS.c.process.in_(_parts(self.processID)))
        if self.datetime is not None:
            start, end = span(self.datetime)
            found += [] if start is None else [JOBS.c.created >= start.replace(microsecond=0)]
            found += [] if end is None else [JOBS.c.created <= end]
        if self.minDuration is not None:
            found.append(_ran(self.minDuration, at_least=True))
        if self.maxDuration is not None:
            found.append(_ran(self.maxDuration, at_least=False))
        return found


def of_owner(owner: str | None) -> list[sa.ColumnElement[bool]]:
    """What a record must fulfil to be somebody's; None for anybody's."""
    return [] if owner is None else [JOBS.c.owner == owner]


def _ran(seconds: float, at_least: bool) -> sa.ColumnElement[bool]:
    """Whether a job has run for a while: until its end, or until now. One that did not start has not."""
    live = JOBS.c.status.in_(LIVE)
    # No longer than all of history, which is as far as a date can go back.
    began = now() - dt.timedelta(seconds=min(seconds, 6e10))
    running = JOBS.c.started <= began if at_least else JOBS.c.started >= began
    ended = JOBS.c.seconds >= seconds if at_least else JOBS.c.seconds <= seconds
    return sa.or_(sa.and_(live, running), ended)


def _parts(text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []
