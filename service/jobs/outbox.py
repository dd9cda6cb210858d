"""Callbacks that are due: noted in the transaction that changes a job's state, so that none is forgotten."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.clock import database_now
from service.jobs.courier import LONGEST_PAUSE
from service.jobs.job import Status
from service.jobs.table import CALLBACKS, JOBS

EVENTS = {
    Status.running: "inProgressUri",
    Status.successful: "successUri",
    Status.failed: "failedUri",
    Status.dismissed: "failedUri",
}
"""The member of a subscriber that a new state is told to"""
_BATCH = 100
_DELIVERY = dt.timedelta(minutes=1)
"""Longer than one takes; a delivery whose outcome was not noted by then was broken off, and is tried again"""


@dataclass(frozen=True, slots=True)
class Callback:
    """One state of a job, to be told to one address."""

    number: int
    job: str
    status: Status
    uri: str
    attempts: int
    """Deliveries tried before"""


async def note(connection: AsyncConnection, job_id: str, status: Status) -> None:
    """Note that the subscriber of a job, if it has one for this, is to be told of a new state."""
    member = EVENTS.get(status)
    request = await connection.scalar(sa.select(JOBS.c.request).where(JOBS.c.id == job_id))
    uri = (request.get("subscriber") or {}).get(member)
    if uri is None:
        return
    this = sa.select(CALLBACKS.c.number).where(CALLBACKS.c.job == job_id, CALLBACKS.c.status == status)
    if (await connection.execute(this)).first() is None:
        row = {"job": job_id, "status": status, "uri": uri, "due": await database_now(connection)}
        await connection.execute(CALLBACKS.insert().values(row))


class Outbox:
    """The callbacks that wait to be delivered."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def due(self) -> list[Callback]:
        """Callbacks whose time has come, in the order of their states; those of one job never overtake.

        One whose time lies further ahead than any can is of a clock since set back: it is due as well.
        """
        first = sa.select(sa.func.min(CALLBACKS.c.number)).where(CALLBACKS.c.due.is_not(None))
        in_turn = CALLBACKS.c.number.in_(first.group_by(CALLBACKS.c.job))
        async with self._engine.connect() as connection:
            moment = await database_now(connection)
            over = sa.or_(CALLBACKS.c.due <= moment, CALLBACKS.c.due > moment + LONGEST_PAUSE)
            query = sa.select(CALLBACKS).where(in_turn, over).order_by(CALLBACKS.c.number).limit(_BATCH)
            rows = (await connection.execute(query)).all()
        return [Callback(row.number, row.job, Status(row.status), row.uri, row.attempts) for row in rows]

    async def claim(self, callback: Callback) -> bool:
        """Take a delivery before it is tried; tells whether no other service on the database did."""
        as_seen = sa.and_(CALLBACKS.c.number == callback.number, CALLBACKS.c.attempts == callback.attempts)
        async with self._engine.begin() as connection:
            due = await database_now(connection) + _DELIVERY
            taken = {"attempts": callback.attempts + 1, "due": due}
            return (await connection.execute(CALLBACKS.update().where(as_seen).values(taken))).rowcount > 0

    async def tried(self, callback: Callback, again: dt.timedelta | None) -> None:
        """Note a delivery that was claimed: to be tried again after a while, or done with (None)."""
        this = sa.and_(CALLBACKS.c.number == callback.number, CALLBACKS.c.attempts == callback.attempts + 1)
        async with self._engine.begin() as connection:
            due = None if again is None else await database_now(connection) + again
            await connection.execute(CALLBACKS.update().where(this).values(due=due))
