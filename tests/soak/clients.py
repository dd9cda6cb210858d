"""Clients that ask for all kinds of things at once, and what they see."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import numpy as np

from tests.soak.own import HALF, LAT, LON, REGION

FAVOURITES = [(LON + 0.002 * n, LAT) for n in range(-3, 4)]
SHARES = {"cold point": 0.2, "repeated point": 0.4, "search": 0.2, "job poll": 0.2}
THOUGHT = 1.0
"""Seconds that a client rests between two requests, in the mean"""
PATIENCE = 120
BUSY = (429, 503, 504)
"""With `Retry-After`: what a service says that cannot answer just now, and is not to be called an error"""


@dataclass
class Seen:
    """What the clients saw."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Of each answer, by kind"""
    refused: Counter[str] = field(default_factory=Counter)
    """Answers that ask to come again later, by kind and status"""
    errors: list[str] = field(default_factory=list)
    jobs: int = 0
    """Region jobs that ended as they should"""

    def report(self) -> str:
        """A line for each kind, then refusals and errors."""
        lines = []
        for kind, found in sorted(self.seconds.items()):
            p50, p95, p99, most = (1000 * q for q in np.percentile(found, [50, 95, 99, 100]))
            told = f"p50 {p50:6.0f}  p95 {p95:6.0f}  p99 {p99:6.0f}  most {most:6.0f} ms"
            lines.append(f"{kind:15} {len(found):7} answers  {told}")
        lines.append(f"{self.jobs} region jobs done")
        lines.append(f"{len(self.errors)} errors, {self.refused.total()} refusals")
        failed = Counter(error.partition(":")[0] for error in self.errors)
        lines += [f"  {number} x {what}" for what, number in sorted((self.refused + failed).items())]
        return "\n".join([*lines, *(f"  {error}" for error in sorted(set(self.errors))[:20])])


async def load(base: str, seconds: float, clients: int, beside: Callable[[float], Any] | None = None) -> Seen:
    """Let clients loose for a while, with one region job after the other.

    Args:
        base: address of the service.
        seconds: how long.
        clients: how many.
        beside: what else goes on meanwhile; called with the moment (monotonic) when all ends.
    """
    seen = Seen()
    connector = aiohttp.TCPConnector(limit=clients + 10)
    patience = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(base, connector=connector, timeout=patience) as http:
        for place in FAVOURITES:
            async with http.get("/timeseries", params=_point(*place, 100)) as answer:
                answer.raise_for_status()
        end = time.monotonic() + seconds
        everybody = [_client(http, number, end, seen) for number in range(clients)]
        more = [] if beside is None else [beside(end)]
        await asyncio.gather(*everybody, _regions(http, end, seen), *more)
    return seen


async def _client(http: aiohttp.ClientSession, number: int, end: float, seen: Seen) -> None:
    """One client, who asks, reads, and thinks for a moment."""
    draw = random.Random(number)
    kinds, weights = zip(*SHARES.items(), strict=True)
    while time.monotonic() < end:
        kind = draw.choices(kinds, weights)[0]
        path, query = _REQUESTS[kind](draw)
        async with _told(kind, seen):
            await _ask(http, kind, path, query, seen)
        await asyncio.sleep(draw.uniform(0, 2 * THOUGHT))


async def _ask(http: aiohttp.ClientSession, kind: str, path: str, query: dict[str, Any], seen: Seen) -> None:
    began = time.monotonic()
    async with http.get(path, params=query) as answer:
        body = await answer.read()
    if answer.status in (200, 202):
        seen.seconds[kind].append(time.monotonic() - began)
    elif answer.status in BUSY and "Retry-After" in answer.headers:
        seen.refused[f"{kind} {answer.status}"] += 1
    else:
        seen.errors.append(f"{kind}: {answer.status} {body[:200].decode(errors='replace')}")


@contextlib.asynccontextmanager
async def _told(kind: str, seen: Seen) -> AsyncIterator[None]:
    """A request that is lost is an error."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        seen.errors.append(f"{kind}: {type(error).__name__} {error}")


async def _regions(http: aiohttp.ClientSession, end: float, seen: Seen) -> None:
    """One region job after the other; what it is refused for now, it asks for again."""
    body = {"inputs": {"bbox": REGION, "force": True}}
    while time.monotonic() < end:
        async with _told("region job", seen):
            async with http.post("/processes/velocity-cube/execution", json=body) as started:
                if started.status in BUSY and "Retry-After" in started.headers:
                    seen.refused[f"region job {started.status}"] += 1
                    await asyncio.sleep(1)
                    continue
                started.raise_for_status()
            job = await _ended(http, started.headers["location"])
            if job["status"] == "successful":
                seen.jobs += 1
            else:
                seen.errors.append(f"region job: {job['status']} {job['message']}")


async def _ended(http: aiohttp.ClientSession, address: str) -> dict[str, Any]:
    """The record of a job once it has ended."""
    while True:
        async with http.get(address) as answer:
            if answer.status == 200:
                job = await answer.json()
                if job["status"] not in ("accepted", "running"):
                    return job
        await asyncio.sleep(0.5)


def _point(lon: float, lat: float, coefficient: float) -> dict[str, float]:
    return {"lon": round(lon, 6), "lat": round(lat, 6), "coefficient": coefficient}


def _anywhere(draw: random.Random) -> tuple[str, dict[str, Any]]:
    place = LON + draw.uniform(-HALF, HALF), LAT + draw.uniform(-HALF, HALF) / 2
    return "/timeseries", _point(*place, draw.uniform(50, 500))


_REQUESTS: dict[str, Callable[[random.Random], tuple[str, dict[str, Any]]]] = {
    "cold point": _anywhere,
    "repeated point": lambda draw: ("/timeseries", _point(*draw.choice(FAVOURITES), 100)),
    "search": lambda draw: (
        "/search",
        {"bbox": "-140,60,-138,61", "sortby": "-created", "limit": draw.randint(1, 20)},
    ),
    "job poll": lambda draw: ("/jobs", {"limit": draw.randint(1, 20)}),
}
