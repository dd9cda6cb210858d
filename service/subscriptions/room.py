"""Whether there is room for one more subscription: in all, and of one caller."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from service.errors import TooManySubscriptions
from service.subscriptions.table import SUBSCRIPTIONS


@dataclass(frozen=True, slots=True)
class Room:
    """How many subscriptions there may be."""

    subscriptions: int
    subscriptions_caller: int

    async def check(self, connection: AsyncConnection, owner: str | None) -> None:
        """Refuse one more; of nobody's (None) none are counted apart.

        Raises:
            TooManySubscriptions: all callers, or this one, have as many as may be.
        """
        count = sa.select(sa.func.count()).select_from(SUBSCRIPTIONS)
        if await connection.scalar(count) >= self.subscriptions:
            raise TooManySubscriptions(
                f"{self.subscriptions} subscriptions are there, and no more may be.",
                "subscriptions",
                self.subscriptions,
            )
        own = count.where(SUBSCRIPTIONS.c.owner == owner)
        if owner is not None and await connection.scalar(own) >= self.subscriptions_caller:
            raise TooManySubscriptions(
                f"{self.subscriptions_caller} subscriptions are yours, and no more may be; delete one.",
                "subscriptions_caller",
                self.subscriptions_caller,
            )
