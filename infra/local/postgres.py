"""A private PostgreSQL server: the records of jobs and the catalog."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from infra.local.process import PartFailed, Process

USER = "ogive"
INSTALL = "apt-get install --no-install-recommends postgresql-15-postgis-3 postgresql-15-postgis-3-scripts"


def postgres(folder: Path, port: int, password: str) -> Process:
    """The server, its cluster of data made on first use, with a database `ogive`.

    Raises:
        PartFailed: PostgreSQL is not installed, or its cluster cannot be made.
    """
    programs, data = _programs(), folder / "postgres"
    if not (data / "PG_VERSION").exists():
        _make(programs, data, folder / "postgres.password", password)
    command = [
        *_as_server(),
        str(programs / "postgres"),
        *("-D", str(data), "-p", str(port), "-k", str(data)),
        *("-c", "listen_addresses=127.0.0.1", "-c", "jit=off"),
    ]
    return Process("postgres", command, folder, lambda: _answers(programs, port))


def url(port: int, password: str) -> str:
    """The database as SQLAlchemy names it."""
    return f"postgresql+asyncpg://{USER}:{password}@127.0.0.1:{port}/{USER}"


def installed() -> bool:
    """Whether there is a server to start."""
    try:
        _programs()
    except PartFailed:
        return False
    return True


def create_database(port: int, password: str) -> None:
    """Make the database if it is not there yet."""
    environment = os.environ | {"PGPASSWORD": password}
    address = ("-h", "127.0.0.1", "-p", str(port), "-U", USER)
    psql = [str(_programs() / "psql"), *address, "-d", "postgres", "-tAc"]
    asked = [*psql, "SELECT datname FROM pg_database"]
    known = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True).stdout
    if USER not in known.split():
        subprocess.run([*psql, f"CREATE DATABASE {USER}"], env=environment, capture_output=True, check=True)


def _programs() -> Path:
    # Debian keeps the server's programs off the path, a folder for each version.
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: float(place.parent.name))
    on_path = shutil.which("initdb")
    if not kept and on_path is None:
        raise PartFailed(f"PostgreSQL is not installed; on Debian: {INSTALL}")
    return kept[-1] if kept else Path(on_path).resolve().parent


def _make(programs: Path, data: Path, secret: Path, password: str) -> None:
    data.mkdir(parents=True, exist_ok=True)
    secret.write_text(password)
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        for path in (data, secret):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    made = subprocess.run(
        [
            *_as_server(),
            str(programs / "initdb"),
            *("-D", str(data), "-U", USER, f"--pwfile={secret}", "--no-sync"),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    secret.unlink()
    if made.returncode:
        raise PartFailed(f"initdb cannot make {data}: {made.stderr.strip()}")


def _as_server() -> tuple[str, ...]:
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.geteuid() == 0 else ()


def _answers(programs: Path, port: int) -> bool:
    ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(ready, check=False).returncode == 0
