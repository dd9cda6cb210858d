"""The records of jobs in SQL: the truth about them, which outlives every process."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import statistics
import uuid
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.errors import IdempotencyConflict, NoSuchJob, TooManyJobs
from service.jobs import outbox
from service.jobs.controls import Order
from service.jobs.job import LIVE, Job, Status, now
from service.jobs.table import JOBS, KEYS, LOGS, METADATA, RESULTS
from workers.plan import Plan

__all__ = ["JobStore"]

KEY_LIFETIME = dt.timedelta(hours=24)
_COLUMNS = [JOBS.c[field.name] for field in fields(Job)]


class JobStore:
    """The table of jobs. Every change of state is guarded by the states that it may follow."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(self) -> None:
        """Make the tables if they are not there yet."""
        async with self._engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    async def replayed(self, order: Order) -> Job | None:
        """The job that an earlier request of the same idempotency key led to.

        Raises:
            IdempotencyConflict: the key came with another body.
        """
        async with self._engine.connect() as connection:
            return await _replayed(connection, order)

    async def accept(
        self, order: Order, plan: Plan, estimate: float | None = None, limit: int | None = None
    ) -> tuple[Job, Plan | None]:
        """The job of a request: the live or successful one of the same hash, else a new one and its plan.

        A new job after failed or dismissed ones works on for the same product; after a successful one, or
        where the request forces it, the product has the next version.

        Args:
            order: the request.
            plan: what it was planned into.
            estimate: the processor seconds that it is expected to cost.
            limit: how many jobs may be live at once.

        Raises:
            TooManyJobs: a new job would be over the limit.
            IdempotencyConflict: the key of the request came with another body.
        """
        while True:
            try:
                async with self._engine.begin() as connection:
                    if (earlier := await _replayed(connection, order)) is not None:
                        return earlier, None
                    equal, place = await _place(connection, order, plan)
                    if equal is not None:
                        await _remember(connection, order, equal.id)
                        return equal, None
                    await _check_room(connection, limit)
                    planned = plan.model_copy(update=place)
                    job_id = await _insert(connection, order, planned, place, estimate)
                    await _remember(connection, order, job_id)
            except IntegrityError:
                continue
            return await self.get(job_id), planned

    async def get(self, job_id: str) -> Job:
        """The record of a job.

        Raises:
            NoSuchJob: there is none.
        """
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(JOBS.c.id == job_id))).first()
        if row is None:
            raise NoSuchJob(f"There is no job {job_id!r}; /jobs lists those there are.")
        return job(row)

    async def plan(self, job_id: str) -> str:
        """The plan of a job, as JSON."""
        async with self._engine.connect() as connection:
            return (await connection.execute(sa.select(JOBS.c.plan).where(JOBS.c.id == job_id))).scalar_one()

    async def page(
        self, limit: int, conditions: Sequence[sa.ColumnElement[bool]] = (), before: int | None = None
    ) -> tuple[list[Job], int | None]:
        """Jobs that fulfil the conditions, newest first, and where the next page starts; None on the last."""
        query = select(*conditions).add_columns(JOBS.c.number).order_by(JOBS.c.number.desc())
        if before is not None:
            query = query.where(JOBS.c.number < before)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        return [job(row) for row in rows[:limit]], rows[limit - 1].number if len(rows) > limit else None

    async def live(self) -> list[Job]:
        """Jobs that still need work, in the order of their arrival."""
        query = select(JOBS.c.status.in_(LIVE)).order_by(JOBS.c.number)
        async with self._engine.connect() as connection:
            return [job(row) for row in await connection.execute(query)]

    async def costs(self, process: str, limit: int) -> list[Job]:
        """The successful jobs of a process that were finished last, which tell what work costs."""
        query = select(JOBS.c.status == Status.successful, JOBS.c.process == process, JOBS.c.cpu_seconds > 0)
        async with self._engine.connect() as connection:
            rows = await connection.execute(query.order_by(JOBS.c.finished.desc()).limit(limit))
        return [job(row) for row in rows]

    async def change(self, job_id: str, after: Sequence[Status] = LIVE, **values: Any) -> bool:
        """Change a record if its state is one of `after`; tells whether it was.

        A new state is told to the subscriber of the job, if there is one: its callback is noted with it.
        """
        this = sa.and_(JOBS.c.id == job_id, JOBS.c.status.in_(after))
        async with self._engine.begin() as connection:
            if "finished" in values:
                started = await connection.scalar(sa.select(JOBS.c.started).where(this))
                if started is not None:
                    values["seconds"] = (values["finished"] - started).total_seconds()
            changed = await connection.execute(JOBS.update().where(this).values(updated=now(), **values))
            if changed.rowcount and "status" in values:
                await outbox.note(connection, job_id, values["status"])
        return changed.rowcount > 0

    async def drop(self, job_id: str, **values: Any) -> None:
        """Forget a job, its log and the document that it made; a product stays, and so does its version."""
        async with self._engine.begin() as connection:
            await connection.execute(JOBS.update().where(JOBS.c.id == job_id).values(dropped=True, **values))
            for table in (LOGS, RESULTS):
                await connection.execute(table.delete().where(table.c.job == job_id))

    async def expired(self) -> list[tuple[str, str | None]]:
        """Ended jobs whose time is over, and the product of each if it has one; dropped ones too."""
        over = sa.and_(JOBS.c.expires <= now(), JOBS.c.status.not_in(LIVE))
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(JOBS.c.id, JOBS.c.product).where(over))
        return [(row.id, row.product) for row in rows]

    async def ping(self) -> None:
        """Ask the database anything."""
        async with self._engine.connect() as connection:
            await connection.execute(sa.select(1))


def select(*conditions: sa.ColumnElement[bool]) -> sa.Select:
    """A query for the records that were not dropped."""
    return sa.select(*_COLUMNS).where(JOBS.c.dropped.is_(False), *conditions)


def job(row: sa.Row) -> Job:
    """A row as a record."""
    values = {column.name: getattr(row, column.name) for column in _COLUMNS}
    return Job(**values | {"status": Status(row.status)})


def _body_sha256(order: Order) -> str:
    text = json.dumps({"process": order.process, "body": order.document}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


async def _replayed(connection: AsyncConnection, order: Order) -> Job | None:
    if order.key is None:
        return None
    known = sa.select(KEYS).where(KEYS.c.key == order.key, KEYS.c.created > now() - KEY_LIFETIME)
    found = (await connection.execute(known)).first()
    if found is None:
        return None
    if found.body_sha256 != _body_sha256(order):
        raise IdempotencyConflict(
            f"Idempotency-Key {order.key!r} came with another request; take a new key for a new request."
        )
    row = (await connection.execute(select(JOBS.c.id == found.job))).first()
    return None if row is None else job(row)


async def _remember(connection: AsyncConnection, order: Order, job_id: str) -> None:
    """Keep the key of a request with its job; old keys go."""
    if order.key is None:
        return
    old = sa.or_(KEYS.c.created <= now() - KEY_LIFETIME, KEYS.c.key == order.key)
    await connection.execute(KEYS.delete().where(old))
    row = {"key": order.key, "body_sha256": _body_sha256(order), "job": job_id, "created": now()}
    await connection.execute(KEYS.insert().values(row))


async def _place(connection: AsyncConnection, order: Order, plan: Plan) -> tuple[Job | None, dict[str, Any]]:
    """The equal job that stands for a request, or else the version, attempt and predecessor of a new one."""
    # One query tells of equal jobs and of places taken: between two another request could slip in.
    query = sa.select(*_COLUMNS, JOBS.c.dropped).where(JOBS.c.request_sha256 == plan.request_sha256)
    rows = (await connection.execute(query.order_by(JOBS.c.version.desc(), JOBS.c.attempt.desc()))).all()
    made = [row for row in rows if row.status == Status.successful]
    if not order.controls.force:
        for row in rows:
            whole = row.status == Status.successful and (row.expires is None or row.expires > now())
            if not row.dropped and (row.status in LIVE or whole):
                return job(row), {}
    version, attempt = 1, 1
    if rows:
        newest = rows[0]
        over = order.controls.force or newest.status in (*LIVE, Status.successful)
        version, attempt = (newest.version + 1, 1) if over else (newest.version, newest.attempt + 1)
    predecessor = next((row.item for row in made if row.version < version and row.item), None)
    return None, {"version": version, "attempt": attempt, "predecessor": predecessor}


async def _check_room(connection: AsyncConnection, limit: int | None) -> None:
    live = await connection.scalar(sa.select(sa.func.count()).where(JOBS.c.status.in_(LIVE)))
    if limit is not None and live >= limit:
        raise TooManyJobs(f"{live} jobs run or wait already, and no more may; send the request again later.")


async def _insert(
    connection: AsyncConnection, order: Order, plan: Plan, place: dict[str, Any], estimate: float | None
) -> str:
    job_id, moment = str(uuid.uuid4()), now()
    same = sa.and_(JOBS.c.request_sha256 == plan.request_sha256, JOBS.c.version == plan.version)
    # What the earlier attempts left is this job's now, and must not expire under it.
    await connection.execute(JOBS.update().where(same).values(expires=None))
    await connection.execute(
        JOBS.insert().values(
            id=job_id,
            process=plan.process,
            status=Status.accepted,
            message="Waiting for its turn.",
            created=moment,
            updated=moment,
            request=order.document,
            request_sha256=plan.request_sha256,
            version=plan.version,
            attempt=place["attempt"],
            base=order.base,
            deadline=order.controls.ends(moment),
            max_cpu_seconds=order.controls.max_cpu_seconds,
            pixels=plan.pixels,
            layers=round(statistics.median([cube.layers for cube in plan.cubes] or [0])),
            estimated_cpu_seconds=estimate,
            plan=plan.model_dump_json(),
            blocks_total=plan.blocks,
        )
    )
    return job_id
