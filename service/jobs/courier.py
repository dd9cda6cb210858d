"""Delivers what is due to subscribers: each letter until it is taken or its tries are used up."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from service.jobs.log import Level
from service.jobs.sending import Refused, Sender, Undelivered
from service.rounds import Rounds

TRIES = 8
_FIRST_PAUSE = dt.timedelta(seconds=2)
LONGEST_PAUSE = dt.timedelta(minutes=15)
_POLL_SECONDS = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """What one subscriber is told."""

    uri: str
    content: bytes
    """JSON"""
    headers: Mapping[str, str]
    about: str
    """What it tells, as it follows `The subscriber was told`"""


class Delivery(Protocol):
    """One letter that is due."""

    @property
    def attempts(self) -> int:
        """Deliveries tried before."""


Due = TypeVar("Due", bound=Delivery)


class Post(Protocol[Due]):
    """Letters of one kind, in the database: several services may deliver from it."""

    async def due(self) -> Sequence[Due]:
        """Those whose time has come."""

    async def claim(self, delivery: Due) -> bool:
        """Take one before it is tried; tells whether no other service did."""

    async def letter(self, delivery: Due) -> Letter | None:
        """What it says; None where there is nothing left to tell of."""

    async def tried(self, delivery: Due, again: dt.timedelta | None) -> None:
        """Note one that was claimed: to be tried again after a while, or done with (None)."""

    async def note(self, delivery: Due, told: str, level: Level) -> None:
        """Write down, for who subscribed, what became of a try."""


class Courier:
    """Delivers the letters of one post that are due."""

    def __init__(self, post: Post, sender: Sender) -> None:
        self._post, self._sender = post, sender
        failed = "What is due to subscribers could not be delivered"
        self._rounds = Rounds(post.due, self._deliver, _POLL_SECONDS, _log, failed)

    def wake(self) -> None:
        """Look at the post now."""
        self._rounds.wake()

    async def work(self) -> None:
        """Deliver for as long as the service lives."""
        await self._rounds.work()

    async def _deliver(self, delivery: Delivery) -> None:
        if not await self._post.claim(delivery):
            return
        letter = await self._post.letter(delivery)
        if letter is None:
            await self._post.tried(delivery, None)
            return
        pause = None
        try:
            await self._sender.post(letter.uri, letter.content, letter.headers)
        except Refused as error:
            told = f"The subscriber was not told {letter.about}: {error}"
            await self._post.note(delivery, told, "error")
        except Undelivered as error:
            tries = delivery.attempts + 1
            if tries < TRIES:
                pause = min(_FIRST_PAUSE * 2**delivery.attempts, LONGEST_PAUSE)
            rest = "it is tried again" if pause is not None else "that was the last try"
            told = f"The subscriber was not told {letter.about}: {error} Try {tries}; {rest}."
            await self._post.note(delivery, told, "warning")
        else:
            await self._post.note(delivery, f"The subscriber was told {letter.about}.", "info")
        await self._post.tried(delivery, pause)
