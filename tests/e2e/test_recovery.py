"""Service, scheduler and worker as processes of their own, killed while a job runs, and started again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from service.settings import PREFIX
from tests.e2e.making import box, plan, publish, stored
from tests.e2e.test_parts import free_port
from workers.plan import CubeSource

REGION = (2, 2, 56, 52)
"""Four shards"""
PATIENCE = 120


class Program:
    """A program that can be killed and started again with the same words."""

    def __init__(self, log: Path, *words: str, **environment: str) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self.words, self.environment, self.log = words, ours | environment, log
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.words],
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=self.log.parent,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it and all that it started without a word of warning."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.kill()


class House:
    """A service on a port of its own, and for some tests its scheduler and a worker."""

    def __init__(self, folder: Path, cube: Path, apart: bool) -> None:
        self.folder, self.port = folder, free_port()
        self.products = folder / "data" / "products"
        settings = {"OGIVE_DATA": str(folder / "data"), "OGIVE_CUBES": str(cube), "OGIVE_WORKERS": "1"}
        if apart:
            address = f"tcp://127.0.0.1:{free_port()}"
            settings["OGIVE_SCHEDULER"] = address
            words = (
                "distributed.cli.dask_scheduler",
                "--host",
                "127.0.0.1",
                "--port",
                address.rpartition(":")[2],
            )
            self.scheduler = Program(folder / "scheduler.log", *words, "--no-dashboard")
            words = "distributed.cli.dask_worker", address, "--nthreads", "2", "--resources", "shard=1"
            self.worker = Program(
                folder / "worker.log", *words, "--no-dashboard", "--local-directory", str(folder)
            )
        self.service = Program(
            folder / "service.log", "service.cli", "serve", "--port", str(self.port), **settings
        )
        self.parts = [self.scheduler, self.worker, self.service] if apart else [self.service]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def start(self) -> None:
        for part in self.parts:
            part.start()
        self.answering()

    def answering(self) -> None:
        self.until(lambda: self.get("/health/ready").status_code == 200)

    def until(self, condition) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if condition():
                    return
            except httpx.TransportError:
                pass
            said = "\n".join(path.read_text()[-2000:] for path in self.folder.glob("*.log"))
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def begin(self) -> str:
        """Start the job; its path."""
        body = {"inputs": {"bbox": list(box(*REGION)), "step": "P3M"}}
        answer = self.client.post("/processes/velocity-cube/execution", json=body)
        assert answer.status_code == 201, answer.text
        return httpx.URL(answer.headers["location"]).path

    def some_written(self) -> dict[str, tuple[int, int]]:
        """Wait until a shard is finished; inode and time of each object of the shards that are by then."""
        self.until(lambda: self.finished())
        return {
            str(path): (path.stat().st_ino, path.stat().st_mtime_ns)
            for shard in self.finished()
            for path in self.products.rglob(f"*.zarr/*/c/0/{shard // 2}/{shard % 2}")
        }

    def finished(self) -> list[int]:
        return sorted(int(path.stem) for path in self.products.rglob("*.shards/*.json"))

    def ended(self, job: str) -> dict:
        self.until(lambda: self.get(job).json()["status"] not in ("accepted", "running"))
        return self.get(job).json()

    def logged(self, job: str) -> str:
        return "\n".join(line["message"] for line in self.get(f"{job}/logs").json()["logs"])


@pytest.fixture
def house(cube, tmp_path, request):
    with ExitStack() as stack:
        house = House(tmp_path, cube, request.param)
        stack.callback(house.client.close)
        house.start()
        for part in house.parts:
            stack.callback(part.stop)
        yield house


@pytest.fixture(scope="module")
def whole(cube, tmp_path_factory) -> dict[str, bytes]:
    """What the job writes when nothing goes wrong, without its item, which tells the time."""
    folder = tmp_path_factory.mktemp("whole")
    publish(plan(CubeSource(cubes=(str(cube),)), box(*REGION), step="P3M"), folder)
    return without_items(folder)


def without_items(folder: Path) -> dict[str, bytes]:
    return {key: data for key, data in stored(folder).items() if not re.search(r"_[0-9a-f]{8}\.json$", key)}


def unchanged(written: dict[str, tuple[int, int]]) -> bool:
    return written == {path: (Path(path).stat().st_ino, Path(path).stat().st_mtime_ns) for path in written}


def check(house: House, job: str, written: dict[str, tuple[int, int]], whole: dict[str, bytes]) -> None:
    last = house.ended(job)
    assert last["status"] == "successful", (last, house.logged(job))
    assert without_items(house.products) == whole
    assert written
    assert unchanged(written), "something was written twice"


@pytest.mark.parametrize("house", [False], indirect=True)
def test_a_service_that_was_killed_goes_on_from_the_finished_shards(house, whole):
    job = house.begin()
    written = house.some_written()
    house.service.kill()
    house.service.start()
    house.answering()
    check(house, job, written, whole)
    assert "shards were finished before" in house.logged(job)


@pytest.mark.parametrize("house", [True], indirect=True)
def test_a_job_outlives_its_scheduler_its_worker_and_then_the_service(house, whole):
    job = house.begin()
    written = house.some_written()
    house.scheduler.kill()
    house.worker.kill()
    house.until(lambda: house.get("/health/ready").status_code == 503)
    house.scheduler.start()
    house.worker.start()
    house.until(lambda: "The job waits for the cluster." in house.logged(job))
    house.until(lambda: len(house.finished()) > 1 or house.get(job).json()["status"] == "successful")
    house.service.kill()
    house.service.start()
    house.answering()
    check(house, job, written, whole)
