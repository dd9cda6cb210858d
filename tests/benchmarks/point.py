"""A point request against a cube of 20 000 pairs on an S3 server: `python -m tests.benchmarks.point`.

Without `--endpoint` a server of moto's is started beside; with one, the AWS credentials of the environment
must allow to write there. The service runs in processes of its own, as `ogive serve` starts it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import httpx
import s3fs

from service.cli.subservice import serving
from tests.benchmarks.report import Table, conditions, seconds
from workers.synthetic import SyntheticCube, write_cube

BUCKET = "ogive-bench"
SPEC = SyntheticCube(pairs=20_000, height=10, width=160, years=10.0, seed=3)
"""Sixteen chunks side by side, whose middle row is ice all along"""
CHUNK = 10
WORKERS = 2
"""Whose first requests open the cube and read its table of pairs"""


@contextmanager
def own_server() -> Iterator[str]:
    """A server of moto's in a process of its own; its address."""
    port = "5571"
    program = Path(sys.executable).parent / "moto_server"
    server = subprocess.Popen([program, "-H", "127.0.0.1", "-p", port], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def upload(folder: Path, endpoint: str) -> str:
    """Write the cube and put it into a bucket that anybody may read; its s3 URL."""
    store = s3fs.S3FileSystem(endpoint_url=endpoint)
    if not store.exists(BUCKET):
        store.mkdir(BUCKET)
    name = Path(write_cube(str(folder / "cube.zarr"), SPEC))
    store.put(str(name), f"{BUCKET}/{name.name}", recursive=True)
    return f"s3://{BUCKET}/{name.name}"


def pixels() -> Iterator[tuple[int, int]]:
    """One pixel in each chunk, none of whose neighbours lies in another."""
    for column in range(CHUNK // 2, SPEC.width, CHUNK):
        yield SPEC.height // 2, column


def measure(url: str) -> dict[str, list[float]]:
    """Seconds by the clock of each kind of request."""
    took: dict[str, list[float]] = {"first": [], "cold": [], "repeat": [], "304": [], "other format": []}
    used = []
    with httpx.Client(base_url=url, timeout=120) as client:

        def ask(kind: str, params: dict, status: int = 200, **headers: str) -> httpx.Response:
            began = time.perf_counter()
            answer = client.get("/timeseries", params=params, headers=headers)
            took[kind].append(time.perf_counter() - began)
            assert answer.status_code == status, answer.text
            return answer

        for number, (row, column) in enumerate(pixels()):
            x, y = SPEC.grid.centre(row, column)
            place = {"x": x, "y": y, "crs": f"EPSG:{SPEC.grid.epsg}"}
            answer = ask("cold" if number >= WORKERS else "first", place)
            used.append(answer.json()["source"]["used"])
            for _ in range(10):
                ask("repeat", place)
            ask("304", place, 304, **{"If-None-Match": answer.headers["etag"]})
            ask("other format", place | {"f": "csv"})
            print(answer.headers["server-timing"], file=sys.stderr)
    print(f"median of pairs used: {median(used):.0f}", file=sys.stderr)
    return took


def main() -> None:
    """Print the figures as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", help="S3 server that is running already")
    parser.add_argument("--markdown", action="store_true")
    chosen = parser.parse_args()
    with TemporaryDirectory() as scratch:
        if chosen.endpoint is None:
            os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
            with own_server() as endpoint:
                took = _with(Path(scratch), endpoint)
        else:
            took = _with(Path(scratch), chosen.endpoint)
    table = Table(f"Point request, {SPEC.pairs} pairs on S3", ("Request", "n", "p50", "p95"))
    for kind, times in took.items():
        high = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        table.rows.append((kind, str(len(times)), seconds(median(times)), seconds(high)))
    print(conditions())
    table.show(chosen.markdown)


def _with(folder: Path, endpoint: str) -> dict[str, list[float]]:
    os.environ |= {
        "OGIVE_DATA": str(folder / "data"),
        "OGIVE_SOURCE_ENDPOINT": endpoint,
        "OGIVE_SOURCE_ANONYMOUS": "false",
        "OGIVE_WORKERS": str(WORKERS),
    }
    with serving(upload(folder, endpoint), folder / "log") as service:
        return measure(service.url)


if __name__ == "__main__":
    main()
