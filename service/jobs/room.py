"""Whether there is room for one more job: in all, and of one caller."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import QuotaExceeded, TooManyJobs
from service.jobs.job import LIVE, now
from service.jobs.table import JOBS
from workers.errors import TooLarge

_DAY = dt.timedelta(days=1)
_LIVE = JOBS.c.status.in_(LIVE)


@dataclass(frozen=True, slots=True)
class Room:
    """How many jobs may be live at once, and what those of one caller may cost."""

    jobs_running: int
    jobs_queued: int
    """Of all callers together, as those that run"""
    jobs_caller: int
    cpu_seconds_day: float
    """Processor seconds of one caller in 24 hours"""

    async def check(self, connection: AsyncConnection, owner: str | None, expected: float | None) -> None:
        """Refuse a job that is too many, or costs too much after those of the last 24 hours.

        Args:
            connection: in whose transaction the job is to be noted.
            owner: whose it is; None for nobody's, of whom nothing is counted.
            expected: the processor seconds that it is expected to cost.

        Raises:
            TooManyJobs: all callers, or this one, have as many as may be.
            QuotaExceeded: the caller's day is used up; carries when some of it counts no more.
            TooLarge: it costs more than a whole day's quota.
        """
        live = await connection.scalar(sa.select(sa.func.count()).where(_LIVE))
        if live >= self.jobs_running + self.jobs_queued:
            raise TooManyJobs(
                f"{live} jobs run or wait already, and no more may; send the request again later.",
                "jobs_queued",
                self.jobs_queued,
            )
        if owner is None:
            return
        own = await connection.scalar(sa.select(sa.func.count()).where(_LIVE, JOBS.c.owner == owner))
        if own >= self.jobs_caller:
            raise TooManyJobs(
                f"{own} of your jobs run or wait already, and no more may; wait for one to end.",
                "jobs_caller",
                self.jobs_caller,
            )
        await self._check_day(connection, owner, expected or 0.0)

    async def _check_day(self, connection: AsyncConnection, owner: str, expected: float) -> None:
        quota = self.cpu_seconds_day
        if expected > quota:
            limits = {"cpu_seconds_day": quota}
            message = f"The job is expected to cost {expected:.0f} processor seconds, of {quota:g} in a day."
            raise TooLarge(message, limits, [])
        cost = sa.case((_LIVE, sa.func.coalesce(JOBS.c.estimated_cpu_seconds, 0.0)), else_=JOBS.c.cpu_seconds)
        moment = now()
        # Records that were dropped count too: what they cost is spent.
        query = sa.select(JOBS.c.created, cost).where(JOBS.c.owner == owner, JOBS.c.created > moment - _DAY)
        jobs = (await connection.execute(query.order_by(JOBS.c.created))).all()
        over = sum(spent for _, spent in jobs) + expected - quota
        if over <= 0:
            return
        free = moment
        for created, spent in jobs:
            if over <= 0:
                break
            over, free = over - spent, created + _DAY
        raise QuotaExceeded(
            f"With this job, yours of the last 24 hours would cost more than {quota:g} processor seconds.",
            "cpu_seconds_day",
            quota,
            (free - moment).total_seconds(),
        )
