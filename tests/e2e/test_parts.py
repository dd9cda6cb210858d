"""The parts of docker-compose.yml, started with its own commands and environment, but as plain processes.

Images cannot be built in the tests; what would run in them can: the scheduler, a worker, the program that
makes the bucket, and the service, with products in an S3 server.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pystac_client
import pytest
import xarray
import yaml
from moto.server import ThreadedMotoServer

from infra import secrets
from service.cli import run
from service.cli.client import Service
from service.settings import PREFIX
from tests.e2e.making import SPEC, box

COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"
VARIABLES = {"WORKER_MEMORY": "1GiB"}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Parts:
    """The services of the compose file, with its names and ports replaced by those of this machine."""

    services: dict
    places: dict[str, str]
    folder: Path

    def here(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            return VARIABLES.get(match["name"], match["default"] or "")

        text = re.sub(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)\}", value, text)
        for there, here in self.places.items():
            text = text.replace(there, here)
        return text

    def command(self, words: list[str]) -> list[str]:
        program, *rest = map(self.here, words)
        return [str(Path(sys.executable).parent / program), *rest]

    def environment(self, name: str, **more: str) -> dict[str, str]:
        ours = {key: value for key, value in os.environ.items() if not key.startswith((PREFIX, "AWS_"))}
        stated = {key: self.here(value) for key, value in self.services[name]["environment"].items()}
        return ours | stated | more

    def start(self, name: str, words: list[str], stack: ExitStack, **more: str) -> None:
        """Start a part and wait until its own health check passes."""
        log = stack.enter_context((self.folder / f"{name}.log").open("w"))
        process = subprocess.Popen(
            self.command(words), cwd=self.folder, env=self.environment(name, **more), stdout=log, stderr=log
        )
        stack.callback(process.wait, 30)
        stack.callback(process.terminate)
        check = self.command(self.services[name]["healthcheck"]["test"][1:])
        deadline = time.monotonic() + 180
        while subprocess.run(check, capture_output=True, check=False).returncode:
            said = (self.folder / f"{name}.log").read_text()
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.3)


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    """The volume that all parts of a machine share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def remote(cube) -> Iterator[str]:
    """The cube's address on a web server."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(Path(cube).parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{Path(cube).name}"
        server.shutdown()


@pytest.fixture(scope="module")
def url(remote, cache, tmp_path_factory) -> Iterator[str]:
    """Where the service of the parts answers."""
    ports = {
        name: str(free_port())
        for name in ("service", "scheduler", "scheduler health", "worker health", "s3", "metrics")
    }
    kept = tmp_path_factory.mktemp("secrets")
    secrets.write(kept)
    # The one part that is not there; tests/deployed has it.
    (kept / "ogive_database").write_text(f"sqlite+aiosqlite:///{kept}/ogive.sqlite")
    parts = Parts(
        yaml.safe_load(COMPOSE.read_text())["services"],
        {
            "http://objects:9000": f"http://127.0.0.1:{ports['s3']}",
            "tls://scheduler:8786": f"tls://127.0.0.1:{ports['scheduler']}",
            "0.0.0.0": "127.0.0.1",
            "8786": ports["scheduler"],
            "8787": ports["scheduler health"],
            "8788": ports["worker health"],
            "8000": ports["service"],
            "9464": ports["metrics"],
            "/tmp": str(tmp_path_factory.mktemp("scratch")),
            "/run/secrets": str(kept),
            "/cache": str(cache),
            "/bucket": str(COMPOSE.parent / "infra" / "bucket"),
        },
        tmp_path_factory.mktemp("parts"),
    )
    serve = re.search(
        r"^CMD (\[.*\])$", (COMPOSE.parent / "infra/images/ogive.Dockerfile").read_text(), re.MULTILINE
    )
    with ExitStack() as stack:
        objects = ThreadedMotoServer("127.0.0.1", int(ports["s3"]), verbose=False)
        objects.start()
        stack.callback(objects.stop)
        subprocess.run(
            parts.command(parts.services["bucket"]["command"]),
            env=parts.environment("bucket"),
            check=True,
            timeout=60,
        )
        for name in ("scheduler", "worker"):
            parts.start(name, parts.services[name]["command"], stack)
        own = {"OGIVE_DATA": str(parts.folder / "data"), "OGIVE_CUBES": remote}
        parts.start("service", yaml.safe_load(serve[1]), stack, **own)
        yield f"http://127.0.0.1:{ports['service']}"


def test_every_part_is_ready(url):
    ready = httpx.get(f"{url}/health/ready", timeout=30)
    assert ready.status_code == 200, ready.text


def test_a_place_is_answered_by_the_workers(url):
    answer = httpx.get(
        f"{url}/timeseries",
        params={"lon": SPEC.lon, "lat": SPEC.lat},
        headers={"Prefer": "wait=60"},
        timeout=120,
    )
    assert answer.status_code == 200, answer.text
    assert any(value is not None for value in answer.json()["series"]["v"])


def test_a_region_becomes_a_product_in_the_object_store(url):
    with Service(url) as service:
        job = service.execute("velocity-cube", {"bbox": list(box(2, 3, 4, 4)), "step": "P3M"})
        run.finish(service, job)
        item = service.get(f"{job}/results")["item"]["href"].rsplit("/", 1)[1]
    found = next(pystac_client.Client.open(url).search(ids=[item]).items())
    assert found.assets["zarr"].href.startswith("s3://ogive/products/")
    with xarray.open_zarr(f"{url}/store/{item}.zarr") as product:
        assert product.v.notnull().any()


def test_workers_keep_the_chunks_that_they_fetched_where_all_find_them(url, cache):
    kept = [path.name.partition("~")[2] for path in (cache / "chunks").iterdir()]
    assert {"vx~0.0.0", "vy~0.0.0", "vx_error~0"} <= set(kept)
