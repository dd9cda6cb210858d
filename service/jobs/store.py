"""The records of jobs in SQL: the truth about them, which outlives every process."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.errors import NoSuchJob
from service.jobs.job import LIVE, Job, Status, now
from workers.plan import Plan

_METADATA = sa.MetaData()
_JOBS = sa.Table(
    "jobs",
    _METADATA,
    sa.Column("number", sa.Integer, primary_key=True, doc="Counts jobs in the order of their arrival"),
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("process", sa.String, nullable=False, index=True),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("created", sa.DateTime, nullable=False),
    sa.Column("started", sa.DateTime),
    sa.Column("finished", sa.DateTime),
    sa.Column("updated", sa.DateTime, nullable=False),
    sa.Column("estimated_finish", sa.DateTime),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("request_sha256", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("plan", sa.Text, nullable=False, doc="JSON of workers.plan.Plan"),
    sa.Column("blocks_total", sa.Integer, nullable=False),
    sa.Column("blocks_done", sa.Integer, nullable=False, default=0),
    sa.Column("blocks_empty", sa.Integer, nullable=False, default=0),
    sa.Column("blocks_failed", sa.Integer, nullable=False, default=0),
    sa.Column("cpu_seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("collection", sa.String),
    sa.Column("item", sa.String),
    sa.Column("summary", sa.JSON(none_as_null=True)),
    sa.Column("problem", sa.JSON(none_as_null=True)),
    # A dropped record stays as a mark, so that no later job takes its version and so its product's place.
    sa.Column("dropped", sa.Boolean, nullable=False, default=False),
    # Of two equal requests at the same moment one is refused here and then finds the other.
    sa.UniqueConstraint("request_sha256", "version"),
)
_COLUMNS = [_JOBS.c[field.name] for field in fields(Job)]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list of jobs, newest first."""

    jobs: list[Job]
    before: int | None
    """Where the next page starts; None on the last"""


class JobStore:
    """The table of jobs. Every change of state is guarded by the states that it may follow."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(self) -> None:
        """Make the table if it is not there yet."""
        async with self._engine.begin() as connection:
            await connection.run_sync(_METADATA.create_all)

    async def accept(self, request: dict[str, Any], plan: Plan) -> tuple[Job, Plan | None]:
        """The job of a request: the live or successful one of the same hash, else a new one and its plan.

        A new job after failed or dismissed ones has the next version.
        """
        # One query tells of equal jobs and of versions taken: between two another request could slip in.
        equal = sa.select(*_COLUMNS, _JOBS.c.dropped).where(_JOBS.c.request_sha256 == plan.request_sha256)
        while True:
            try:
                async with self._engine.begin() as connection:
                    rows = (await connection.execute(equal.order_by(_JOBS.c.version.desc()))).all()
                    for row in rows:
                        if not row.dropped and row.status in (*LIVE, Status.successful):
                            return _job(row), None
                    version = rows[0].version + 1 if rows else 1
                    planned = plan.model_copy(update={"version": version})
                    job_id = await self._insert(connection, request, planned)
            except IntegrityError:
                continue
            return await self.get(job_id), planned

    async def _insert(self, connection: AsyncConnection, request: dict[str, Any], plan: Plan) -> str:
        job_id, moment = str(uuid.uuid4()), now()
        await connection.execute(
            _JOBS.insert().values(
                id=job_id,
                process=plan.process,
                status=Status.accepted,
                message="Waiting for a worker.",
                created=moment,
                updated=moment,
                request=request,
                request_sha256=plan.request_sha256,
                version=plan.version,
                plan=plan.model_dump_json(),
                blocks_total=plan.blocks,
            )
        )
        return job_id

    async def get(self, job_id: str) -> Job:
        """The record of a job.

        Raises:
            NoSuchJob: there is none.
        """
        async with self._engine.connect() as connection:
            row = (await connection.execute(_select(_JOBS.c.id == job_id))).first()
        if row is None:
            raise NoSuchJob(f"There is no job {job_id!r}; /jobs lists those there are.")
        return _job(row)

    async def plan(self, job_id: str) -> str:
        """The plan of a job, as JSON."""
        async with self._engine.connect() as connection:
            return (
                await connection.execute(sa.select(_JOBS.c.plan).where(_JOBS.c.id == job_id))
            ).scalar_one()

    async def page(
        self,
        limit: int,
        statuses: Sequence[Status] = (),
        processes: Sequence[str] = (),
        before: int | None = None,
    ) -> Page:
        """One page of the jobs of these states and processes (of all where none is named)."""
        query = _select().add_columns(_JOBS.c.number).order_by(_JOBS.c.number.desc()).limit(limit + 1)
        if statuses:
            query = query.where(_JOBS.c.status.in_(statuses))
        if processes:
            query = query.where(_JOBS.c.process.in_(processes))
        if before is not None:
            query = query.where(_JOBS.c.number < before)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        more = len(rows) > limit
        return Page([_job(row) for row in rows[:limit]], rows[limit - 1].number if more else None)

    async def live(self) -> list[Job]:
        """Jobs that still need work, in the order of their arrival."""
        query = _select(_JOBS.c.status.in_(LIVE)).order_by(_JOBS.c.number)
        async with self._engine.connect() as connection:
            return [_job(row) for row in await connection.execute(query)]

    async def change(self, job_id: str, after: Sequence[Status] = LIVE, **values: Any) -> bool:
        """Change a record if its state is one of `after`; tells whether it was."""
        statement = _JOBS.update().where(_JOBS.c.id == job_id, _JOBS.c.status.in_(after))
        async with self._engine.begin() as connection:
            changed = await connection.execute(statement.values(updated=now(), **values))
        return changed.rowcount > 0

    async def drop(self, job_id: str) -> None:
        """Forget a job; what it made stays."""
        async with self._engine.begin() as connection:
            await connection.execute(_JOBS.update().where(_JOBS.c.id == job_id).values(dropped=True))

    async def ping(self) -> None:
        """Ask the database anything."""
        async with self._engine.connect() as connection:
            await connection.execute(sa.select(1))


def _select(*conditions: sa.ColumnElement[bool]) -> sa.Select:
    return sa.select(*_COLUMNS).where(_JOBS.c.dropped.is_(False), *conditions)


def _job(row: sa.Row) -> Job:
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    return Job(**values | {"status": Status(row.status)})
