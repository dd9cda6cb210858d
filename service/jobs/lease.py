"""Which of several services on one database works for a job: a lease in its record, renewed again and again.

The lease only keeps two services from doing the same work. That nothing is published twice does not rest on
it: every change of a record by who works for it names its holder, and is refused to one who has lost it.
"""

from __future__ import annotations

import socket
import uuid
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from service.clock import database_seconds
from service.jobs.job import LIVE, Job
from service.jobs.rows import job, select
from service.jobs.table import JOBS

TERM_SECONDS = 10.0
"""After which another service takes over, by the clock of the database"""


def _name() -> str:
    return f"{socket.gethostname()[:40]}-{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True, slots=True)
class Leases:
    """The leases of one service."""

    engine: AsyncEngine
    holder: str = field(default_factory=_name)
    """This service among all, new at every start"""

    async def claim(self, job_id: str) -> bool:
        """Take a job that nobody works for; tells whether it is this service's."""
        free = sa.and_(JOBS.c.id == job_id, JOBS.c.status.in_(LIVE), self._free())
        async with self.engine.begin() as connection:
            return (await connection.execute(self._taking().where(free))).rowcount > 0

    async def hold(self) -> list[Job]:
        """Renew what this service has, take what nobody has: all that it is to work for, by arrival."""
        mine = sa.or_(JOBS.c.holder == self.holder, self._free())
        async with self.engine.begin() as connection:
            await connection.execute(self._taking().where(JOBS.c.status.in_(LIVE), mine))
            held = select(JOBS.c.status.in_(LIVE), JOBS.c.holder == self.holder).order_by(JOBS.c.number)
            return [job(row) for row in await connection.execute(held)]

    async def release(self) -> None:
        """Let another service take over at once."""
        async with self.engine.begin() as connection:
            mine = sa.and_(JOBS.c.status.in_(LIVE), JOBS.c.holder == self.holder)
            await connection.execute(JOBS.update().where(mine).values(holder=None, lease=None))

    def _taking(self) -> sa.Update:
        return JOBS.update().values(holder=self.holder, lease=database_seconds() + TERM_SECONDS)

    def _free(self) -> sa.ColumnElement[bool]:
        """One that ends later than any lease can is of a clock since set back: it is over as well."""
        now = database_seconds()
        return sa.or_(JOBS.c.lease.is_(None), JOBS.c.lease <= now, JOBS.c.lease > now + TERM_SECONDS)
