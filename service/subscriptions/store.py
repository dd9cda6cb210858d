"""The records of subscriptions in SQL, and what is due to be looked at, by the clock of the database."""

from __future__ import annotations

import gzip
import uuid
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.concurrency import run_in_threadpool

from service.clock import database_seconds
from service.errors import NoSuchSubscription
from service.jobs.job import now
from service.subscriptions.asking import Wish
from service.subscriptions.room import Room
from service.subscriptions.subscription import COLUMNS, Subscription, subscription
from service.subscriptions.table import LETTERS, SUBSCRIPTIONS

TERM_SECONDS = 180.0
"""Longer than a look takes; one that was broken off is done again after it, by whatever service"""


class SubscriptionStore:
    """The table of subscriptions. What a look saw is written down only by the last one that was begun."""

    def __init__(self, engine: AsyncEngine, interval: float) -> None:
        """Look at each subscription every `interval` seconds."""
        self._engine, self._interval = engine, interval

    async def equal(self, request_sha256: str) -> Subscription | None:
        """The subscription of a request, if it is there."""
        return await self._one(SUBSCRIPTIONS.c.request_sha256 == request_sha256)

    async def add(self, wish: Wish, room: Room) -> tuple[Subscription, bool]:
        """A new subscription, to be looked at at once, or the equal one; tells whether it is new.

        Raises:
            TooManySubscriptions: there is no room for it.
        """
        row = {"id": str(uuid.uuid4()), "created": now(), "look_due": 0.0, "owner": wish.owner}
        row |= {"request": wish.request, "request_sha256": wish.request_sha256}
        row |= {"base": wish.watched.base, "address": wish.watched.address}
        while True:
            if (there := await self.equal(wish.request_sha256)) is not None:
                return there, False
            try:
                async with self._engine.begin() as connection:
                    await room.check(connection, wish.owner)
                    await connection.execute(SUBSCRIPTIONS.insert().values(row))
            except IntegrityError:
                continue
            return await self.get(row["id"]), True

    async def get(self, subscription_id: str) -> Subscription:
        """A subscription.

        Raises:
            NoSuchSubscription: there is none of that id.
        """
        found = await self._one(SUBSCRIPTIONS.c.id == subscription_id)
        if found is None:
            raise NoSuchSubscription(
                f"There is no subscription {subscription_id!r}; /subscriptions lists those there are."
            )
        return found

    async def page(
        self, limit: int, owner: str | None = None, before: int | None = None
    ) -> tuple[list[Subscription], int | None]:
        """Subscriptions, of one owner or of all, newest first, and where the next page starts."""
        number = SUBSCRIPTIONS.c.number
        query = sa.select(*COLUMNS, number).order_by(number.desc())
        if owner is not None:
            query = query.where(SUBSCRIPTIONS.c.owner == owner)
        if before is not None:
            query = query.where(number < before)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query.limit(limit + 1))).all()
        found = [subscription(row) for row in rows[:limit]]
        return found, rows[limit - 1].number if len(rows) > limit else None

    async def drop(self, subscription_id: str) -> None:
        """End a subscription, and what was yet to be told of it."""
        async with self._engine.begin() as connection:
            await connection.execute(SUBSCRIPTIONS.delete().where(SUBSCRIPTIONS.c.id == subscription_id))
            await connection.execute(LETTERS.delete().where(LETTERS.c.subscription == subscription_id))

    async def due(self, limit: int) -> list[Subscription]:
        """Those to be looked at now, the longest due first."""
        due, seconds = SUBSCRIPTIONS.c.look_due, database_seconds()
        # One that is due later than any can be is of a clock since set back: it is due as well.
        over = sa.or_(due <= seconds, due > seconds + max(self._interval, TERM_SECONDS))
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(*COLUMNS).where(over).order_by(due).limit(limit))
        return [subscription(row) for row in rows]

    async def claim(self, seen: Subscription) -> Subscription | None:
        """Begin a look at one; None where another service has."""
        changed = await self._change(seen, looks=seen.looks + 1, look_due=database_seconds() + TERM_SECONDS)
        return replace(seen, looks=seen.looks + 1) if changed else None

    async def give_back(self, seen: Subscription) -> None:
        """Let a look that was broken off be done again at once."""
        await self._change(seen, look_due=0.0)

    async def looked(
        self, seen: Subscription, letter: tuple[str, bytes] | None = None, **values: Any
    ) -> None:
        """Write down what a look saw, by column, and in the same transaction the letter that tells it.

        A letter (what it is about, and JSON) takes the place of one that was not taken yet. Nothing is
        written where a later look was begun, or the subscription was deleted.
        """
        values["look_due"] = database_seconds() + self._interval
        if letter is None:
            await self._change(seen, **values)
            return
        row = {"id": f"{seen.id}-{seen.looks}", "subscription": seen.id, "about": letter[0], "due": 0.0}
        row["content"] = await run_in_threadpool(gzip.compress, letter[1], 5)
        async with self._engine.begin() as connection:
            if await self._changed(connection, seen, **values):
                await connection.execute(LETTERS.delete().where(LETTERS.c.subscription == seen.id))
                await connection.execute(LETTERS.insert().values(row))

    async def _one(self, condition: sa.ColumnElement[bool]) -> Subscription | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(sa.select(*COLUMNS).where(condition))).first()
        return None if row is None else subscription(row)

    async def _change(self, seen: Subscription, **values: Any) -> bool:
        async with self._engine.begin() as connection:
            return await self._changed(connection, seen, **values)

    async def _changed(self, connection: AsyncConnection, seen: Subscription, **values: Any) -> bool:
        """Change a record as long as no look was begun since it was read."""
        same = sa.and_(SUBSCRIPTIONS.c.id == seen.id, SUBSCRIPTIONS.c.looks == seen.looks)
        return (await connection.execute(SUBSCRIPTIONS.update().where(same).values(values))).rowcount > 0
