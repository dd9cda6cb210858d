"""The deployed parts on this machine: a cube in their S3 server, and a line to it that can be made bad."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import s3fs

from infra.local.deployment import BUCKET, Deployment, deployment, free_ports
from tests.deployed.line import Line
from tests.e2e.making import plan, publish
from workers.cubes.chunk_folder import BYTES
from workers.plan import CubeSource
from workers.processes import PROCESSES
from workers.regions import degrees
from workers.synthetic import SyntheticCube, write_cube

SPEC = SyntheticCube(pairs=300, height=80, width=80, years=2.0, satellites=("S2A", "S2B"), seed=3)
BOX = list(degrees(SPEC.grid.window(1, 1, SPEC.height - 2, SPEC.width - 2)))
STRIP = list(degrees(SPEC.grid.window(1, 1, SPEC.height - 2, 8)))
"""Two shards that take no more than a second or two"""
JOB_PATIENCE_S = 150


@dataclass(frozen=True)
class Ogive:
    """A running deployment, as a user and an operator see it."""

    parts: Deployment
    http: httpx.Client
    files: s3fs.S3FileSystem
    line: Line
    """Between the parts and the S3 server"""
    cube: Path
    """The cube that it serves, as it was before it went to the S3 server"""

    def start(self, **inputs) -> str:
        """The id of a new job, of the whole region unless a box is given."""
        inputs = {"bbox": BOX} | inputs
        answer = self.http.post("/processes/velocity-cube/execution", json={"inputs": inputs})
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def job(self, job_id: str, http: httpx.Client | None = None) -> dict:
        """The record of a job, from another service if one is given; asked again while it is away."""
        until = time.monotonic() + JOB_PATIENCE_S
        while True:
            try:
                answer = (http or self.http).get(f"/jobs/{job_id}")
                if answer.status_code == 200:
                    return answer.json()
            except httpx.TransportError:
                pass
            assert time.monotonic() < until, "The service stays away."
            time.sleep(0.3)

    def reaches(self, job_id: str, blocks: int) -> None:
        """Wait until a job has done some blocks and still runs."""
        until = time.monotonic() + JOB_PATIENCE_S
        while (job := self.job(job_id))["blocks"]["done"] < blocks:
            assert job["status"] in {"accepted", "running"}, job
            assert time.monotonic() < until, job
            time.sleep(0.1)

    def ends(self, job_id: str, http: httpx.Client | None = None) -> dict:
        """Wait until a job has ended; its record."""
        until = time.monotonic() + JOB_PATIENCE_S
        while (job := self.job(job_id, http))["status"] in {"accepted", "running"}:
            assert time.monotonic() < until, job
            time.sleep(0.3)
        return job

    def logged(self, job_id: str) -> list[str]:
        """The lines of a job's log."""
        return [line["message"] for line in self.http.get(f"/jobs/{job_id}/logs").json()["logs"]]

    def found(self) -> list[str]:
        """The items in the catalog."""
        return [item["id"] for item in self.http.get("/search", params={"limit": 100}).json()["features"]]

    def key(self, path: str) -> str:
        """Where an object of the cube lies on the S3 server."""
        return f"{BUCKET}/cubes/{self.cube.name}/{path}"

    def item(self, job_id: str) -> dict:
        """The STAC item of a finished job."""
        results = self.http.get(f"/jobs/{job_id}/results").json()
        return self.http.get(results["item"]["href"]).json()

    def objects(self, item: str) -> dict[str, bytes]:
        """Every object of a product's Zarr store, by its key in it."""
        found = [path for path in self.files.find(f"{BUCKET}/products/") if f"/{item}.zarr/" in path]
        return {path.partition(".zarr/")[2]: self.files.cat_file(path) for path in found}


@contextmanager
def store_up(settings: dict[str, str]) -> Iterator[tuple[Deployment, s3fs.S3FileSystem, Line]]:
    """The parts that hold data, up; the others are still to be started. All are stopped at the end."""
    # Not below pytest's folder, which is closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="ogive-parts-"))
    folder.chmod(0o755)
    with Line(*free_ports(1)) as line:
        parts = deployment(folder, settings | {"OGIVE_SOURCE_ANONYMOUS": "false"}, endpoint=line.url)
        line.target = parts.ports["objects"]
        try:
            parts.up_to_store()
            files = s3fs.S3FileSystem(
                key=parts.environment["AWS_ACCESS_KEY_ID"],
                secret=parts.environment["AWS_SECRET_ACCESS_KEY"],
                endpoint_url=f"http://127.0.0.1:{line.target}",
            )
            yield parts, files, line
        finally:
            parts.down()
            shutil.rmtree(folder)


@contextmanager
def another_service(ogive: Ogive, environment: dict[str, str]) -> Iterator[httpx.Client]:
    """One more service on the same database, with some more environment: a client of it."""
    (port,) = free_ports(1)
    service = ogive.parts.another_service(port)
    service = replace(service, environment={**service.environment, **environment})
    service.start()
    try:
        service.wait()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            yield http
    finally:
        service.stop()


@contextmanager
def running(cubes: Path) -> Iterator[Ogive]:
    """PostgreSQL, an S3 server, a TLS scheduler, two workers and the service, all real; the cube is made."""
    cube = Path(write_cube(str(cubes), SPEC))
    settings = {"OGIVE_CUBES": f"s3://{BUCKET}/cubes/{cube.name}", "OGIVE_LIMIT_JOBS_RUNNING": "1"}
    # What is done to the source must be met there.
    settings[BYTES] = "0"
    with store_up(settings) as (parts, files, line):
        files.put(str(cube), f"{BUCKET}/cubes/{cube.name}", recursive=True)
        parts.up()
        with httpx.Client(base_url=parts.url, timeout=60) as http:
            yield Ogive(parts, http, files, line, cube)


def comparison(cube: Path, folder: Path) -> Callable[..., dict[str, bytes]]:
    """Gives the objects of a product as they are when nothing happens, by item and inputs.

    They are made in this process from a cube, in a folder, once for each inputs.
    """

    @functools.cache
    def first_version(inputs: str) -> tuple[str, dict[str, bytes]]:
        products = folder / str(len(list(folder.iterdir())))
        planned = plan(CubeSource(cubes=(str(cube),)), **json.loads(inputs))
        publish(planned, products)
        product = PROCESSES[planned.process].product(planned).id
        store = next(products.rglob(f"{product}.zarr"))
        return product, {
            str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()
        }

    def made(item: str, **inputs) -> dict[str, bytes]:
        product, objects = first_version(json.dumps({"bbox": BOX} | inputs))
        version = item.split("_")[-2].removeprefix("v")
        root = objects["zarr.json"].replace(product.encode(), item.encode())
        root = root.replace(b'"product_version": "1"', f'"product_version": "{version}"'.encode())
        return objects | {"zarr.json": root}

    return made
