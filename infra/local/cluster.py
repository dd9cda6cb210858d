"""A Dask scheduler and its workers, which speak to each other and to the service by TLS alone."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from distributed import Security

from infra.local.process import Process

SECTION = "DASK_DISTRIBUTED__COMM__"
PROGRAM = str(Path(sys.executable).parent / "dask")
THREADS = 2
"""One for a shard, one for points"""
MEMORY = "2GiB"
_PRIVATE = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")
"""Without a dashboard Dask still tells of itself by HTTP, and to every machine unless an address is given"""


def certificates(folder: Path) -> dict[str, str]:
    """A certificate of this deployment's own, made on first use, as Dask's variables name it."""
    home = folder / "tls"
    certificate, key = home / "dask.pem", home / "dask-key.pem"
    if not key.exists():
        home.mkdir(parents=True, exist_ok=True)
        made = Security.temporary()
        certificate.write_text(made.tls_ca_file)
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as private:
            private.write(made.tls_client_key)
    named = {f"{SECTION}TLS__CA_FILE": str(certificate), f"{SECTION}REQUIRE_ENCRYPTION": "True"}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        named |= {f"{SECTION}TLS__{role}__CERT": str(certificate), f"{SECTION}TLS__{role}__KEY": str(key)}
    return named


def scheduler(folder: Path, port: int, tls: dict[str, str]) -> Process:
    """The scheduler at a port of loopback."""
    command = [PROGRAM, "scheduler", "--host", "127.0.0.1", "--port", str(port), *_PRIVATE]
    command += ["--preload", "workers.telemetry.start"]
    return Process("scheduler", command, folder, lambda: listens(port), tls)


def worker(number: int, folder: Path, scheduler_port: int, environment: dict[str, str]) -> Process:
    """One worker, with the resource that a shard takes; it serves once the scheduler has heard of it."""
    name = f"worker-{number}"
    scratch = folder / "dask" / name
    command = [
        *(PROGRAM, "worker", f"tls://127.0.0.1:{scheduler_port}", "--host", "127.0.0.1", "--name", name),
        *("--nworkers", "1", "--nthreads", str(THREADS), "--resources", "shard=1"),
        *("--memory-limit", MEMORY, *_PRIVATE, "--local-directory", str(scratch)),
        *("--preload", "workers.velocity.warm", "--preload-nanny", "workers.telemetry.start"),
    ]
    part = Process(name, command, folder, lambda: _registered(part), environment)
    return part


def listens(port: int) -> bool:
    """Whether somebody answers at a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _registered(part: Process) -> bool:
    try:
        return "Registered to" in part.log.read_text(errors="replace").rpartition("Start Nanny at")[2]
    except OSError:
        return False
