"""What happened to each job, in lines that its owner may read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from service.catalog.moments import stamp
from service.jobs.job import now
from service.jobs.table import LOGS

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class JobLog:
    """The log lines of all jobs."""

    engine: AsyncEngine

    async def write(self, job_id: str, message: str, level: Level = "info") -> None:
        """Add a line to the log of a job."""
        row = {"job": job_id, "time": now(), "level": level, "message": message}
        async with self.engine.begin() as connection:
            await connection.execute(LOGS.insert().values(row))

    async def read(self, job_id: str, limit: int, after: int = 0) -> list[dict[str, Any]]:
        """Lines of a job, oldest first, from behind the line of the id `after`."""
        query = sa.select(LOGS).where(LOGS.c.job == job_id, LOGS.c.number > after)
        async with self.engine.connect() as connection:
            rows = await connection.execute(query.order_by(LOGS.c.number).limit(limit))
        return [
            {"id": str(row.number), "time": stamp(row.time), "level": row.level, "message": row.message}
            for row in rows
        ]
