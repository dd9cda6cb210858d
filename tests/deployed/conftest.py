"""The deployed parts on this machine, and a cube in their S3 server."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import s3fs

from infra.local import objects, postgres
from infra.local.deployment import BUCKET, Deployment, deployment, free_ports
from tests.deployed.line import Faults, Line
from tests.e2e.making import plan, publish
from workers.plan import CubeSource
from workers.processes import PROCESSES
from workers.regions import degrees
from workers.synthetic import SyntheticCube, write_cube

SPEC = SyntheticCube(pairs=300, height=80, width=80, years=2.0, satellites=("S2A", "S2B"), seed=3)
BOX = list(degrees(SPEC.grid.window(1, 1, SPEC.height - 2, SPEC.width - 2)))
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
        """The id of a new job of the region."""
        answer = self.http.post("/processes/velocity-cube/execution", json={"inputs": inputs})
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def job(self, job_id: str) -> dict:
        """The record of a job; asked again while the service is away."""
        until = time.monotonic() + JOB_PATIENCE_S
        while True:
            try:
                answer = self.http.get(f"/jobs/{job_id}")
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

    def ends(self, job_id: str) -> dict:
        """Wait until a job has ended; its record."""
        until = time.monotonic() + JOB_PATIENCE_S
        while (job := self.job(job_id))["status"] in {"accepted", "running"}:
            assert time.monotonic() < until, job
            time.sleep(0.3)
        return job

    def item(self, job_id: str) -> dict:
        """The STAC item of a finished job."""
        results = self.http.get(f"/jobs/{job_id}/results").json()
        return self.http.get(results["item"]["href"]).json()

    def objects(self, item: str) -> dict[str, bytes]:
        """Every object of a product's Zarr store, by its key in it."""
        found = [path for path in self.files.find(f"{BUCKET}/products/") if f"/{item}.zarr/" in path]
        return {path.partition(".zarr/")[2]: self.files.cat_file(path) for path in found}


@pytest.fixture(scope="session")
def ogive(tmp_path_factory) -> Iterator[Ogive]:
    """PostgreSQL, an S3 server, a TLS scheduler, two workers and the service, all real."""
    if not postgres.installed() or not objects.installed():
        pytest.skip(f"needs a PostgreSQL server and Ceph: {postgres.INSTALL}; {objects.INSTALL}")
    # Not below pytest's folder, which is closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="ogive-parts-"))
    folder.chmod(0o755)
    cube = Path(write_cube(str(tmp_path_factory.mktemp("cubes")), SPEC))
    source = {"OGIVE_CUBES": f"s3://{BUCKET}/cubes/{cube.name}", "OGIVE_SOURCE_ANONYMOUS": "false"}
    with Line(*free_ports(1)) as line:
        parts = deployment(folder, source, endpoint=line.url)
        line.target = parts.ports["objects"]
        try:
            parts.up_to_store()
            files = s3fs.S3FileSystem(
                key=parts.environment["AWS_ACCESS_KEY_ID"],
                secret=parts.environment["AWS_SECRET_ACCESS_KEY"],
                endpoint_url=f"http://127.0.0.1:{line.target}",
            )
            files.put(str(cube), f"{BUCKET}/cubes/{cube.name}", recursive=True)
            parts.up()
            with httpx.Client(base_url=parts.url, timeout=60) as http:
                yield Ogive(parts, http, files, line, cube)
        finally:
            parts.down()
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def undisturbed(ogive, tmp_path_factory) -> Callable[..., dict[str, bytes]]:
    """What a request gives when nothing happens: the objects of a product made in this process."""

    def made(**inputs) -> dict[str, bytes]:
        folder = tmp_path_factory.mktemp("undisturbed")
        planned = plan(CubeSource(cubes=(str(ogive.cube),)), BOX, **inputs)
        publish(planned, folder)
        store = next(folder.rglob(f"{PROCESSES[planned.process].product(planned).id}.zarr"))
        return {
            str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()
        }

    return made


@pytest.fixture
def line(ogive) -> Iterator[Line]:
    """The line to the S3 server, mended after the test."""
    yield ogive.line
    ogive.line.faults = Faults()
