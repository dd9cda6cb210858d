"""All parts of a deployment on one machine, and the service that joins them."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from infra.bucket import apply as bucket
from infra.local import cluster, objects, postgres
from infra.local.process import PartFailed, Process
from workers.cubes.chunk_folder import BYTES, FOLDER

BUCKET = "ogive"
ACCESS_KEY = "ogive"
PORTS = ("postgres", "objects", "monitor_v2", "monitor_v1", "scheduler", "service")


@dataclass(frozen=True, slots=True)
class Deployment:
    """PostgreSQL, an S3 server, a scheduler, workers and the service; everything lies in one folder."""

    folder: Path
    ports: dict[str, int]
    password: str
    """Of the database and of the S3 user"""
    postgres: Process
    objects: objects.ObjectStore
    scheduler: Process
    workers: tuple[Process, ...]
    service: Process
    environment: dict[str, str]
    """What a client of the parts, such as the service, must be told"""

    @property
    def processes(self) -> tuple[Process, ...]:
        """Every part, in the order of their start."""
        return (self.postgres, *self.objects.processes, self.scheduler, *self.workers, self.service)

    @property
    def url(self) -> str:
        """Where the service answers."""
        return f"http://127.0.0.1:{self.ports['service']}"

    def up(self) -> None:
        """Start what does not run, and wait until the service is ready.

        Raises:
            PartFailed: a part does not come up.
        """
        self.up_to_store()
        self.scheduler.start()
        self.scheduler.wait()
        for worker in self.workers:
            worker.start()
        for worker in self.workers:
            worker.wait()
        self.service.start()
        self.service.wait()

    def up_to_store(self) -> None:
        """Start what keeps things, the database and the S3 server with its bucket.

        Raises:
            PartFailed: one of them does not come up.
        """
        self.postgres.start()
        self.postgres.wait()
        postgres.create_database(self.ports["postgres"], self.password)
        objects.start(self.objects, self.folder, ACCESS_KEY, self.password)
        self._make_bucket()

    def another_service(self, port: int) -> Process:
        """One more service at a port of loopback, on the same database and cluster; not started."""
        environment = self.environment | {"OGIVE_PORT": str(port)}
        return _service(f"service-{port}", self.folder, port, environment)

    def down(self) -> None:
        """End every part, the last one first."""
        for process in reversed(self.processes):
            process.stop()

    def _make_bucket(self) -> None:
        from botocore.session import Session

        client = Session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=self.password,
        )
        bucket.apply(client, BUCKET)


def deployment(
    folder: Path, settings: dict[str, str] | None = None, workers: int = 2, endpoint: str | None = None
) -> Deployment:
    """The deployment of a folder: what an earlier call chose (ports, secrets, certificates) is kept.

    Args:
        folder: holds data, logs and pids.
        settings: further `OGIVE_*` variables of the service; what they say of kept chunks holds for workers.
        workers: processes.
        endpoint: where the parts reach the S3 server, if something stands between.

    Raises:
        PartFailed: PostgreSQL or Ceph is not installed.
    """
    folder = folder.absolute()
    ports, password = _choices(folder)
    tls = cluster.certificates(folder)
    keys = {
        "AWS_ENDPOINT_URL": endpoint or f"http://127.0.0.1:{ports['objects']}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": password,
    }
    environment = {
        **tls,
        **keys,
        "OGIVE_DATA": str(folder / "data"),
        FOLDER: str(folder / "chunks"),
        "OGIVE_DATABASE": postgres.url(ports["postgres"], password),
        "OGIVE_PRODUCTS": f"s3://{BUCKET}/products",
        "OGIVE_SCHEDULER": f"tls://127.0.0.1:{ports['scheduler']}",
        "OGIVE_PORT": str(ports["service"]),
        **(settings or {}),
    }
    chunks = {name: environment[name] for name in (FOLDER, BYTES) if name in environment}
    monitor_ports = ports["monitor_v2"], ports["monitor_v1"]
    return Deployment(
        folder=folder,
        ports=ports,
        password=password,
        postgres=postgres.postgres(folder, ports["postgres"], password),
        objects=objects.object_store(folder, ports["objects"], monitor_ports),
        scheduler=cluster.scheduler(folder, ports["scheduler"], tls),
        workers=tuple(
            cluster.worker(number, folder, ports["scheduler"], tls | keys | chunks)
            for number in range(workers)
        ),
        service=_service("service", folder, ports["service"], environment),
        environment=environment,
    )


def _service(name: str, folder: Path, port: int, environment: dict[str, str]) -> Process:
    program = str(Path(sys.executable).parent / "ogive")
    return Process(name, [program, "serve"], folder, lambda: _ready(port), environment)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as answer:
            return answer.status == 200
    except OSError:  # not there yet, or not ready: an HTTP error is one too
        return False


def _choices(folder: Path) -> tuple[dict[str, int], str]:
    """Free ports and a random password, the same on every call for a folder."""
    note = folder / "choices.json"
    if not note.exists():
        folder.mkdir(parents=True, exist_ok=True)
        chosen = {"ports": dict(zip(PORTS, free_ports(len(PORTS)), strict=True))}
        chosen["password"] = secrets.token_hex(16)
        with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(chosen, file)
    try:
        chosen = json.loads(note.read_text())
        return chosen["ports"], chosen["password"]
    except (ValueError, KeyError):
        raise PartFailed(f"{note} is not what this program wrote; remove {folder} and begin anew.") from None


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    taken = [socket.socket() for _ in range(count)]
    try:
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]
    finally:
        for one in taken:
            one.close()
