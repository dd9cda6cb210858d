"""A service of one's own in a process of its own, on a synthetic cube."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

LON, LAT = -139.02, 60.745
HALF = 0.012
"""Degrees around the middle of the cube that surely lie on it"""
PATIENCE = 300
"""Seconds until it must be ready: on a machine that is busy, imports alone take minutes"""
UNBOUNDED = {"OGIVE_LIMIT_CPU_SECONDS_DAY": "1e9", "OGIVE_LIMIT_REQUESTS_ANONYMOUS": "1000000/minute"}
"""The clients are a crowd, not one caller"""
SMALL_CACHE = {"OGIVE_SERIES_CACHE": str(8 << 20)}
"""Full within half a minute of load: what grows after that is no cache"""
REGION = [LON - 0.01, LAT - 0.005, LON + 0.01, LAT + 0.005]


@contextlib.contextmanager
def service(folder: Path) -> Iterator[tuple[str, int]]:
    """Ogive with a synthetic cube; its address and process id."""
    program = Path(sys.executable).with_name("ogive")
    cube = folder / "cube.zarr"
    size = ["--pairs", "600", "--height", "40", "--width", "40"]
    subprocess.run([program, "synth", cube, *size], check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "serve.log").open("w")
    environment = os.environ | UNBOUNDED | SMALL_CACHE | {"OGIVE_DATA": str(folder / "data")}
    command = [program, "serve", "--port", str(port), "--cube", cube]
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        base, end = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{base}/health/ready").status_code == 200:
                    break
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"not ready: {(folder / 'serve.log').read_text() or 'it said nothing'}")
            time.sleep(0.5)
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def make_product(base: str) -> None:
    """One finished product in the middle of the cube."""
    with httpx.Client(base_url=base, timeout=120) as http:
        started = http.post("/processes/velocity-cube/execution", json={"inputs": {"bbox": REGION}})
        started.raise_for_status()
        while (job := http.get(started.headers["location"]).json())["status"] in ("accepted", "running"):
            time.sleep(0.5)
        if job["status"] != "successful":
            raise RuntimeError(job["message"])
