"""A hundred clients on the deployed parts, whose workers die: `python -m tests.soak.deployed SECONDS`.

PostgreSQL, an S3 server, a scheduler and two workers that speak TLS, and the service, all on loopback (see
infra/local). Once a minute one of the workers is killed (-9) and started again five seconds later, as an
orchestrator would. No request may be lost: each gets its answer, or one that says when to come again. Every
region job must end as it should.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
import time
from pathlib import Path

import s3fs

from infra.local.deployment import ACCESS_KEY, BUCKET, Deployment, deployment
from tests.soak.clients import Seen, load
from tests.soak.load import growth, others, probed, weighed
from tests.soak.own import SMALL_CACHE, UNBOUNDED
from workers.synthetic import SyntheticCube, write_cube

CLIENTS = 100
BETWEEN = 60.0
"""Seconds from the death of one worker to that of the next"""
AWAY = 5.0
"""Seconds that a worker stays away"""


def put_cube(parts: Deployment, folder: Path) -> None:
    """Write a synthetic cube and lay it where the service looks for it."""
    cube = write_cube(str(folder / "made"), SyntheticCube(pairs=600, height=40, width=40))
    files = s3fs.S3FileSystem(
        endpoint_url=parts.environment["AWS_ENDPOINT_URL"], key=ACCESS_KEY, secret=parts.password
    )
    files.put(str(cube), f"{BUCKET}/cubes/cube.zarr", recursive=True)


async def deaths(parts: Deployment, end: float) -> int:
    """Kill one worker a minute, each in its turn; how many times."""
    for killed, worker in enumerate(itertools.cycle(parts.workers)):
        if time.monotonic() + BETWEEN > end:
            return killed
        await asyncio.sleep(BETWEEN - AWAY)
        await asyncio.to_thread(worker.kill)
        await asyncio.sleep(AWAY)
        worker.start()
    raise AssertionError("a cycle has no end")


def main() -> int:
    """Tell what was seen; 1 where anything failed."""
    seconds = float(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="ogive-soak-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own
        settings = {
            "OGIVE_CUBES": f"s3://{BUCKET}/cubes/cube.zarr",
            "OGIVE_SOURCE_ANONYMOUS": "false",
            "OGIVE_ANONYMOUS": "admin",  # who is nobody has no list of jobs otherwise
            **UNBOUNDED,
            **SMALL_CACHE,
        }
        parts = deployment(Path(folder), settings)
        try:
            parts.up_to_store()
            put_cube(parts, Path(folder))
            parts.up()
            return told(parts, seconds)
        finally:
            parts.down()


def told(parts: Deployment, seconds: float) -> int:
    """Load on running parts; 1 where anything failed."""
    weights: list[tuple[float, float]] = []
    health, killed = Seen(), 0

    async def beside(end: float) -> None:
        nonlocal killed
        pids = [parts.service.pid]
        _, killed = await asyncio.gather(weighed(pids, end, weights), deaths(parts, end))

    print(others(), "before")
    with probed(parts.url, seconds, health):
        seen = asyncio.run(load(parts.url, seconds, CLIENTS, beside))
    seen.seconds |= health.seconds
    seen.errors += health.errors
    print(f"{CLIENTS} clients, {seconds:g} s, {killed} workers killed, {others()} at the end")
    print(seen.report())
    print("service:", growth(weights))
    return 1 if seen.errors else 0


if __name__ == "__main__":
    sys.exit(main())
