"""The records of jobs in SQL: the truth about them, which outlives every process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.clock import database_now
from service.errors import NoSuchJob
from service.jobs import outbox
from service.jobs.accepting import insert, placed, remember, replayed
from service.jobs.controls import Order
from service.jobs.job import LIVE, Job, Status, now
from service.jobs.room import Room
from service.jobs.rows import job, select
from service.jobs.table import JOBS, LOGS, RESULTS
from service.observability.measures import JOBS_ENDED
from workers.plan import Plan

__all__ = ["JobStore"]


class JobStore:
    """The table of jobs. Every change of state is guarded by the states that it may follow."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def replayed(self, order: Order) -> Job | None:
        """The job that an earlier request of the same idempotency key led to.

        Raises:
            IdempotencyConflict: the key came with another body.
        """
        async with self._engine.connect() as connection:
            return await replayed(connection, order)

    async def accept(
        self, order: Order, plan: Plan, estimate: float | None = None, room: Room | None = None
    ) -> tuple[Job, Plan | None]:
        """The job of a request: the live or successful one of the same hash, else a new one and its plan.

        A new job after failed or dismissed ones works on for the same product; after a successful one, or
        where the request forces it, the product has the next version.

        Args:
            order: the request.
            plan: what it was planned into.
            estimate: the processor seconds that it is expected to cost.
            room: how many jobs there may be, and what they may cost; as many as come by default.

        Raises:
            TooManyJobs, QuotaExceeded, TooLarge: there is no room for a new job.
            IdempotencyConflict: the key of the request came with another body.
        """
        while True:
            try:
                async with self._engine.begin() as connection:
                    if (earlier := await replayed(connection, order)) is not None:
                        return earlier, None
                    equal, place = await placed(connection, order, plan)
                    if equal is not None:
                        await remember(connection, order, equal.id)
                        return equal, None
                    if room is not None:
                        await room.check(connection, order.owner, estimate)
                    planned = plan.model_copy(update=place)
                    job_id = await insert(connection, order, planned, place, estimate)
                    await remember(connection, order, job_id)
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

    async def change(
        self,
        job_id: str,
        after: Sequence[Status] = LIVE,
        *,
        holder: str | None = None,
        along: Callable[[AsyncConnection], Awaitable[None]] | None = None,
        **values: Any,
    ) -> bool:
        """Change a record if its state is one of `after`; tells whether it was.

        A new state is told to the subscriber of the job, if there is one: its callback is noted with it.

        Args:
            job_id: whose record.
            after: the states that it may have.
            holder: change it only if this service works for the job.
            along: what is to be done in the same transaction, if the record is changed.
            values: by column.
        """
        this = sa.and_(JOBS.c.id == job_id, JOBS.c.status.in_(after))
        if holder is not None:
            this = sa.and_(this, JOBS.c.holder == holder)
        async with self._engine.begin() as connection:
            if "finished" in values:
                started = await connection.scalar(sa.select(JOBS.c.started).where(this))
                if started is not None:
                    # No clock goes back but one that is set.
                    values["seconds"] = max(0.0, (values["finished"] - started).total_seconds())
            changed = await connection.execute(JOBS.update().where(this).values(updated=now(), **values))
            if changed.rowcount and "status" in values:
                await outbox.note(connection, job_id, values["status"])
            if changed.rowcount and along is not None:
                await along(connection)
        if changed.rowcount and "finished" in values:
            JOBS_ENDED.labels(values["status"]).inc()
        return changed.rowcount > 0

    async def drop(self, job_id: str, **values: Any) -> None:
        """Forget a job, its log and the document that it made; a product stays, and so does its version."""
        async with self._engine.begin() as connection:
            await connection.execute(JOBS.update().where(JOBS.c.id == job_id).values(dropped=True, **values))
            for table in (LOGS, RESULTS):
                await connection.execute(table.delete().where(table.c.job == job_id))

    async def expired(self) -> list[tuple[str, str | None]]:
        """Ended jobs whose time is over, and the product of each if it has one; dropped ones too.

        It is over when both this machine's clock and that of the database say so: one that runs ahead must
        not delete anything.
        """
        async with self._engine.connect() as connection:
            moment = min(now(), await database_now(connection))
            over = sa.and_(JOBS.c.expires <= moment, JOBS.c.status.not_in(LIVE))
            rows = await connection.execute(sa.select(JOBS.c.id, JOBS.c.product).where(over))
        return [(row.id, row.product) for row in rows]

    async def ping(self) -> None:
        """Ask the database anything."""
        async with self._engine.connect() as connection:
            await connection.execute(sa.select(1))
