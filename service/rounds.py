"""Work that is looked for again and again, for as long as a service lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any


class Rounds:
    """Does what is due, side by side; where nothing is, waits a while or until it is woken."""

    def __init__(
        self,
        due: Callable[[], Awaitable[Sequence[Any]]],
        do: Callable[[Any], Awaitable[None]],
        poll_seconds: float,
        log: logging.Logger,
        failed: str,
    ) -> None:
        """`failed` is what is logged of a round that could not be done."""
        self._due, self._do, self._poll_seconds = due, do, poll_seconds
        self._log, self._failed = log, failed
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Begin a round now."""
        self._news.set()

    async def work(self) -> None:
        """Do one round after the other, for ever."""
        while True:
            try:
                due = await self._due()
                await asyncio.gather(*map(self._do, due))
            except Exception:  # noqa: BLE001 - whatever it was, the next round is not to wait for ever
                self._log.exception(self._failed)
                due = []
            if not due:
                self._news.clear()
                try:
                    async with asyncio.timeout(self._poll_seconds):
                        await self._news.wait()
                except TimeoutError:
                    continue
