"""What tests of several rooms need."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import signal
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.local import postgres
from infra.local.deployment import free_ports
from service import database, migrations

# Properties are tried on the same examples everywhere, and on no more of them than a moment allows.
examples.register_profile(
    "ogive",
    deadline=None,
    derandomize=True,
    max_examples=30,
    # The fixtures that properties use are functions without a state.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
examples.load_profile("ogive")

PASSWORD = "only-on-loopback"
_numbers = itertools.count()


def pytest_configure() -> None:
    """Have `kill` end what the tests started, in order, as Ctrl-C does."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    """The port of a PostgreSQL server of these tests' own."""
    if not postgres.installed():
        pytest.skip(f"needs a PostgreSQL server: {postgres.INSTALL}")
    # Not below pytest's folder, which is closed to the user that PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="ogive-postgres-"))
    folder.chmod(0o755)
    (port,) = free_ports(1)
    server = postgres.postgres(folder, port, PASSWORD)
    server.start()
    try:
        server.wait()
        postgres.create_database(port, PASSWORD)
        yield port
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind that the service is made for."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/folder/ogive.sqlite"
    url, name = postgres.url(request.getfixturevalue("postgres_port"), PASSWORD), f"test_{next(_numbers)}"
    asyncio.run(_create(url.replace("+asyncpg", ""), name))
    return f"{url.rpartition('/')[0]}/{name}"


async def _create(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database of a service, with its tables."""
    engine = database.connect(database_url)
    await migrations.upgrade(engine)
    yield engine
    await engine.dispose()
