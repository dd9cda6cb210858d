"""A large region on the deployed parts, and again with another coefficient by two workers and by one.

`python -m tests.soak.region CUBE [PIXELS]`: CUBE is a synthetic cube on this disk; its top left corner of so
many pixels a side is made, all of it by default. Told are the time of each stage, what passed between the
parts and the S3 server against the least possible, and what the second worker gains. OGIVE_CHUNKS_BYTES says
how much the workers keep of what they fetched: 0 for nothing.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import httpx

from infra.local.deployment import BUCKET, Deployment
from tests.deployed.line import Line
from tests.deployed.parts import store_up
from workers.cubes.chunk_folder import BYTES
from workers.cubes.cube import open_cube
from workers.cubes.reference import Access
from workers.regions import degrees

READ = ("vx", "vy")
UNREAD = {"v", "v_error", "chip_size_height", "chip_size_width"}
"""Maps that no inversion needs, and so not sent to the S3 server"""


def least(cube: Path, pixels: int, chunk: int) -> tuple[int, int]:
    """Requests and bytes of reading every chunk of a corner, and of the pixel around it, exactly once."""
    most = -(-(pixels + 1) // chunk)
    found = [
        path.stat().st_size
        for name in READ
        for path in (cube / name).iterdir()
        if re.fullmatch(r"\d+\.\d+\.\d+", path.name) and max(map(int, path.name.split(".")[1:])) < most
    ]
    return len(found), sum(found)


def made(parts: Deployment, line: Line, bbox: list[float], **inputs: float) -> float:
    """Make the region once; tells of it, and returns the seconds that its shards took."""
    line.requests.clear()
    line.bytes.clear()
    with httpx.Client(base_url=parts.url, timeout=120) as http:
        body = {"inputs": {"bbox": bbox, "force": True, **inputs}}
        began = time.monotonic()
        answer = http.post("/processes/velocity-cube/execution", json=body)
        answer.raise_for_status()
        planned = computed = time.monotonic()
        while (job := http.get(answer.headers["location"]).json())["status"] in {"accepted", "running"}:
            if job["progress"] < 100:
                computed = time.monotonic()
            time.sleep(0.2)
        ended = time.monotonic()
    if job["status"] != "successful":
        raise RuntimeError(job["message"])
    stages = {"plan": planned - began, "shards": computed - planned, "publish": ended - computed}
    print("  " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stages.items()))
    amounts = {name: f"{size / 1e6:.1f} MB" for name, size in line.bytes.items()}
    print(f"  requests {dict(line.requests)}, {amounts}", flush=True)
    return computed - planned


def main() -> int:
    """Tell what was seen."""
    cube = Path(sys.argv[1]).absolute()
    opened = open_cube(str(cube), Access())
    pixels = int(sys.argv[2]) if len(sys.argv) > 2 else min(opened.grid.height, opened.grid.width)
    corner = list(degrees(opened.grid.window(1, 1, pixels - 2, pixels - 2)))
    settings = {BYTES: os.environ[BYTES]} if BYTES in os.environ else {}
    with store_up(settings | {"OGIVE_CUBES": f"s3://{BUCKET}/cubes/{cube.name}"}) as (parts, files, line):
        for part in cube.iterdir():
            if part.name not in UNREAD:
                files.put(str(part), f"{BUCKET}/cubes/{cube.name}/{part.name}", recursive=True)
        parts.up()
        requests, size = least(cube, pixels, opened.chunk[0])
        print(f"{pixels} x {pixels} pixels, {opened.layers} layers; every chunk once: ", end="")
        print(f"{requests} requests, {size / 1e6:.1f} MB")
        print("two workers")
        made(parts, line, corner)
        print("two workers, another coefficient")
        both = made(parts, line, corner, coefficient=300)
        parts.workers[1].stop()
        print("the same by one worker")
        alone = made(parts, line, corner, coefficient=300)
        print(f"two workers are {alone / both:.2f} times as fast as one")
    return 0


if __name__ == "__main__":
    sys.exit(main())
