"""What the records tell of jobs and callbacks, when somebody asks: how many, how old, whether they go on."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from service.jobs.job import LIVE, Status, now
from service.jobs.table import CALLBACKS, JOBS
from service.observability import measures
from service.subscriptions.table import LETTERS


class Queue:
    """The jobs of a database, as gauges."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._seen: dict[str, tuple[int, float]] = {}
        """Blocks done of each running job, and since when there have been so many"""

    async def observe(self) -> None:
        """Set the gauges to what the records say now."""
        live = sa.select(JOBS.c.id, JOBS.c.status, JOBS.c.created, JOBS.c.blocks_done, JOBS.c.blocks_total)
        kept = sa.select(JOBS.c.status, sa.func.count()).where(~JOBS.c.dropped).group_by(JOBS.c.status)
        due = sa.select(sa.func.count()).where(CALLBACKS.c.due.is_not(None))
        letters = sa.select(sa.func.count()).select_from(LETTERS)
        async with self._engine.connect() as connection:
            numbers = dict(map(tuple, (await connection.execute(kept)).all()))
            rows = (await connection.execute(live.where(JOBS.c.status.in_(LIVE)))).all()
            told = await connection.scalar(due) + await connection.scalar(letters)
        measures.CALLBACKS_DUE.set(told)
        for status in Status:
            measures.JOBS.labels(status).set(numbers.get(status, 0))
        waiting = [row.created for row in rows if row.status == Status.accepted]
        measures.QUEUE_AGE.set((now() - min(waiting)).total_seconds() if waiting else 0)
        measures.BLOCKS_LEFT.set(sum(row.blocks_total - row.blocks_done for row in rows))
        self._watch({row.id: row.blocks_done for row in rows if row.status == Status.running})

    def _watch(self, done: dict[str, int]) -> None:
        moment, before = time.monotonic(), self._seen
        self._seen = {
            job: before[job] if job in before and before[job][0] == blocks else (blocks, moment)
            for job, blocks in done.items()
        }
        measures.STANDSTILL.set(max((moment - since for _, since in self._seen.values()), default=0))
