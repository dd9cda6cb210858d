"""Whether the parts that the service needs answer: asked seldom, however often it is wanted to be known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from service.observability import measures

PATIENCE = 5.0
"""Seconds after which a part that has not answered counts as failed"""
FRESH = 2.0
"""Seconds for which an answer stands"""
Check = Callable[[], Awaitable[Any]]


class Health:
    """Asks the parts, all at once; probes that come together, or soon after, share the answers.

    A part that hangs is asked no second time before its first answer: a flood of probes costs nothing.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """Ask by `checks`: what a part that fails raises is told."""
        self._checks = checks
        self._asked: dict[str, asyncio.Task[Any]] = {}
        self._answer: asyncio.Task[dict[str, dict[str, Any]]] | None = None
        self._until = 0.0

    async def parts(self) -> dict[str, dict[str, Any]]:
        """Of each part `state` (`ok` or `failed`), its milliseconds `ms`, and where it failed `detail`."""
        if self._answer is None or (self._answer.done() and time.monotonic() > self._until):
            self._answer = asyncio.create_task(self._ask())
        # A probe that goes away must not take the answer from the others.
        return await asyncio.shield(self._answer)

    async def _ask(self) -> dict[str, dict[str, Any]]:
        found = await asyncio.gather(*(self._one(name) for name in self._checks))
        self._until = time.monotonic() + FRESH
        return dict(zip(self._checks, found, strict=True))

    async def _one(self, name: str) -> dict[str, Any]:
        """State and duration of a part; any error is its answer, since to tell of errors is the purpose."""
        if (asked := self._asked.get(name)) is None or asked.done():
            asked = self._asked[name] = asyncio.ensure_future(self._checks[name]())
        began = time.perf_counter()
        await asyncio.wait([asked], timeout=PATIENCE)
        seconds = time.perf_counter() - began
        told: dict[str, Any] = {"state": "ok"}
        if not asked.done():
            told = {"state": "failed", "detail": f"No answer in {PATIENCE:g} s."}
        elif asked.cancelled():
            told = {"state": "failed", "detail": "The question was given up."}
        elif (error := asked.exception()) is not None:
            told = {"state": "failed", "detail": str(error) or type(error).__name__}
        measures.PART_UP.labels(name).set(told["state"] == "ok")
        measures.PART_SECONDS.labels(name).set(seconds)
        return told | {"ms": round(1000 * seconds, 1)}

    async def close(self) -> None:
        """Ask nothing any more."""
        left = [*self._asked.values(), *([self._answer] if self._answer else [])]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
