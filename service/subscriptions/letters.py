"""What is yet to be told to subscribers of places; delivered by a `service.jobs.courier`."""

from __future__ import annotations

import datetime as dt
import gzip
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.concurrency import run_in_threadpool

from service.clock import database_seconds
from service.jobs.courier import LONGEST_PAUSE, Letter
from service.jobs.job import now
from service.jobs.log import Level
from service.subscriptions.table import LETTERS, SUBSCRIPTIONS

_BATCH = 20
_DELIVERY_SECONDS = 60.0
"""Longer than one takes; a delivery whose outcome was not noted by then was broken off, and is tried again"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A letter that is due."""

    id: str
    subscription: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Letters:
    """The post of subscriptions: of each the newest letter that was not taken yet."""

    engine: AsyncEngine

    async def due(self) -> list[Waiting]:
        """Letters whose time has come, or lies further ahead than any can: the clock was set back since."""
        seconds = database_seconds()
        over = sa.or_(LETTERS.c.due <= seconds, LETTERS.c.due > seconds + LONGEST_PAUSE.total_seconds())
        query = sa.select(LETTERS.c.id, LETTERS.c.subscription, LETTERS.c.attempts).where(over)
        async with self.engine.connect() as connection:
            rows = await connection.execute(query.order_by(LETTERS.c.due).limit(_BATCH))
        return [Waiting(*row) for row in rows]

    async def claim(self, waiting: Waiting) -> bool:
        """Take a letter before it is tried; tells whether no other service did."""
        as_seen = sa.and_(LETTERS.c.id == waiting.id, LETTERS.c.attempts == waiting.attempts)
        taken = {"attempts": waiting.attempts + 1, "due": database_seconds() + _DELIVERY_SECONDS}
        async with self.engine.begin() as connection:
            return (await connection.execute(LETTERS.update().where(as_seen).values(taken))).rowcount > 0

    async def letter(self, waiting: Waiting) -> Letter | None:
        """What it says; None where a newer one took its place or the subscription was deleted."""
        kept = sa.select(LETTERS.c.about, LETTERS.c.content, SUBSCRIPTIONS.c.base, SUBSCRIPTIONS.c.request)
        of = kept.join_from(LETTERS, SUBSCRIPTIONS, LETTERS.c.subscription == SUBSCRIPTIONS.c.id)
        async with self.engine.connect() as connection:
            row = (await connection.execute(of.where(LETTERS.c.id == waiting.id))).first()
        if row is None:
            return None
        headers = {
            "Content-Type": "application/json",
            "Link": f'<{row.base}/subscriptions/{waiting.subscription}>; rel="monitor"',
            "Idempotency-Key": waiting.id,
        }
        content = await run_in_threadpool(gzip.decompress, row.content)
        return Letter(row.request["subscriber"]["successUri"], content, headers, row.about)

    async def tried(self, waiting: Waiting, again: dt.timedelta | None) -> None:
        """Note one that was claimed: to be tried again after a while, or done with (None)."""
        this = sa.and_(LETTERS.c.id == waiting.id, LETTERS.c.attempts == waiting.attempts + 1)
        change = LETTERS.delete().where(this)
        if again is not None:
            due = database_seconds() + again.total_seconds()
            change = LETTERS.update().where(this).values(due=due)
        async with self.engine.begin() as connection:
            await connection.execute(change)

    async def note(self, waiting: Waiting, told: str, level: Level) -> None:
        """Write into the subscription what became of a try."""
        values = {"telling": told} | ({"told": now()} if level == "info" else {})
        this = SUBSCRIPTIONS.c.id == waiting.subscription
        async with self.engine.begin() as connection:
            await connection.execute(SUBSCRIPTIONS.update().where(this).values(values))
