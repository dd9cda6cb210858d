"""A hundred clients at once on a service of its own: `python -m tests.soak.load SECONDS [CLIENTS]`.

Points that nobody asked for before, points that everybody asks for, searches and polls of jobs, while region
jobs run one after another, and a probe of /health/live every 100 ms. Told are percentiles of the time to
answer by kind, errors, and memory of service and workers after a fifth of the time and in the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from tests.soak.own import HALF, LAT, LON, REGION, service

FAVOURITES = [(LON + 0.002 * n, LAT) for n in range(-3, 4)]
SHARES = {"cold point": 0.2, "repeated point": 0.4, "search": 0.2, "job poll": 0.2}
_PAUSE = 0.1
"""Seconds between two questions for health"""
_THOUGHT = 1.0
"""Seconds that a client rests between two requests, in the mean"""


@dataclass
class Seen:
    """What the clients saw."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the start, MiB"""
    jobs: int = 0


def memory(pid: int) -> float:
    """MiB that a process and its descendants hold."""
    pages = os.sysconf("SC_PAGE_SIZE") / 2**20
    found, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * pages
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
    return found


async def client(http: httpx.AsyncClient, number: int, end: float, seen: Seen) -> None:
    """One client, who asks, reads, and thinks for a moment."""
    draw = random.Random(number)
    kinds, weights = zip(*SHARES.items(), strict=True)
    while time.monotonic() < end:
        kind = draw.choices(kinds, weights)[0]
        async with timed(kind, seen):
            answer = await REQUESTS[kind](http, draw)
            if answer.status_code not in (200, 202):
                seen.errors.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
        await asyncio.sleep(draw.uniform(0, 2 * _THOUGHT))


@contextlib.asynccontextmanager
async def timed(kind: str, seen: Seen) -> AsyncIterator[None]:
    """Keeps how long something took, or how it failed."""
    began = time.monotonic()
    try:
        yield
    except httpx.HTTPError as error:
        seen.errors.append(f"{kind}: {type(error).__name__} {error}")
    else:
        seen.seconds[kind].append(time.monotonic() - began)


def _point(lon: float, lat: float, coefficient: float) -> dict[str, float]:
    return {"lon": round(lon, 6), "lat": round(lat, 6), "coefficient": coefficient}


REQUESTS: dict[str, Callable] = {
    "cold point": lambda http, draw: http.get(
        "/timeseries",
        params=_point(
            LON + draw.uniform(-HALF, HALF), LAT + draw.uniform(-HALF, HALF) / 2, draw.uniform(50, 500)
        ),
    ),
    "repeated point": lambda http, draw: http.get(
        "/timeseries", params=_point(*draw.choice(FAVOURITES), 100)
    ),
    "search": lambda http, draw: http.get(
        "/search", params={"bbox": "-140,60,-138,61", "sortby": "-created", "limit": draw.randint(1, 20)}
    ),
    "job poll": lambda http, draw: http.get("/jobs", params={"limit": draw.randint(1, 20)}),
}


async def regions(http: httpx.AsyncClient, end: float, seen: Seen) -> None:
    """One region job after the other."""
    while time.monotonic() < end:
        body = {"inputs": {"bbox": REGION, "force": True}}
        started = await http.post("/processes/velocity-cube/execution", json=body)
        started.raise_for_status()
        while (job := (await http.get(started.headers["location"])).json())["status"] in (
            "accepted",
            "running",
        ):
            await asyncio.sleep(0.5)
        seen.jobs += 1
        if job["status"] != "successful":
            seen.errors.append(f"region job: {job['status']} {job['message']}")


async def probe(http: httpx.AsyncClient, end: float, seen: Seen) -> None:
    """Health, ten times a second."""
    while time.monotonic() < end:
        async with timed("health", seen):
            (await http.get("/health/live")).raise_for_status()
        await asyncio.sleep(_PAUSE)


async def weigh(pid: int, began: float, end: float, seen: Seen) -> None:
    """Memory, every two seconds."""
    while time.monotonic() < end:
        seen.memory.append((time.monotonic() - began, memory(pid)))
        await asyncio.sleep(2)


async def load(base: str, pid: int, seconds: float, clients: int) -> Seen:
    """Let the clients loose."""
    seen = Seen()
    limits = httpx.Limits(max_connections=clients + 10)
    async with httpx.AsyncClient(base_url=base, timeout=120, limits=limits) as http:
        for place in FAVOURITES:
            (await http.get("/timeseries", params=_point(*place, 100))).raise_for_status()
        end = (began := time.monotonic()) + seconds
        everybody = [client(http, number, end, seen) for number in range(clients)]
        await asyncio.gather(
            *everybody, regions(http, end, seen), probe(http, end, seen), weigh(pid, began, end, seen)
        )
    return seen


def growth(seen: Seen, seconds: float) -> tuple[float, float, float]:
    """MiB after the first fifth and at the end (medians of a tenth of the time each), and the most."""
    after = [mib for at, mib in seen.memory if seconds / 5 <= at < seconds * 3 / 10]
    last = [mib for at, mib in seen.memory if at >= seconds * 9 / 10]
    return float(np.median(after)), float(np.median(last)), max(mib for _, mib in seen.memory)


def main() -> int:
    """Tell what was seen; 1 where anything failed."""
    seconds = float(sys.argv[1])
    clients = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory(prefix="ogive-soak-") as folder, service(Path(folder)) as (base, pid):
        seen = asyncio.run(load(base, pid, seconds, clients))
    total = sum(map(len, seen.seconds.values()))
    print(f"{clients} clients, {seconds:g} s, {total} requests, {seen.jobs} region jobs done")
    for kind, found in sorted(seen.seconds.items()):
        p50, p95, p99 = (1000 * q for q in np.percentile(found, [50, 95, 99]))
        print(f"{kind:15} {len(found):7} requests  p50 {p50:7.0f} ms  p95 {p95:7.0f} ms  p99 {p99:7.0f} ms")
    after, last, most = growth(seen, seconds)
    print(
        f"memory {after:.0f} MiB after a fifth of the time, {last:.0f} MiB at the end, {most:.0f} MiB at most"
    )
    print(f"{len(seen.errors)} errors")
    for error in sorted(set(seen.errors))[:20]:
        print(f"  {error}")
    return 1 if seen.errors else 0


if __name__ == "__main__":
    sys.exit(main())
