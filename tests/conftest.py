"""What tests of several rooms need."""

from __future__ import annotations

import asyncio
import datetime as dt
import http.server
import itertools
import shutil
import signal
import ssl
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck
from hypothesis import settings as examples
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.local import postgres
from infra.local.deployment import free_ports
from service import database, migrations
from service.jobs.sending import Sender

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
SERVER_BYTES = 2 << 30
"""Room for a PostgreSQL server with a few databases at a time, and for its log, which may grow to 1 GB"""
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
    folder = Path(tempfile.mkdtemp(prefix="ogive-postgres-", dir=_in_memory()))
    folder.chmod(0o755)
    (port,) = free_ports(1)
    server = postgres.postgres(folder, port, PASSWORD)
    with (folder / "postgres" / "postgresql.conf").open("a") as settings:
        # Nobody needs these records after a power cut, and a busy disk takes seconds for each database.
        settings.write("\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
    server.start()
    try:
        server.wait()
        postgres.create_database(port, PASSWORD)
        yield port
    finally:
        server.stop()
        shutil.rmtree(folder)


def _in_memory() -> str | None:
    """A folder in memory, where there is one with room; None for the usual folder on the disk."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free >= SERVER_BYTES
    return str(memory) if roomy else None


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database, of each kind that the service is made for."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/folder/ogive.sqlite"
        return
    url, name = postgres.url(request.getfixturevalue("postgres_port"), PASSWORD), f"test_{next(_numbers)}"
    server = url.replace("+asyncpg", "")
    asyncio.run(_execute(server, f"CREATE DATABASE {name}"))
    yield f"{url.rpartition('/')[0]}/{name}"
    # At once: hundreds of them at the end take minutes to delete.
    asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database of a service, with its tables."""
    engine = database.connect(database_url)
    await migrations.upgrade(engine)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of hook.example that vouches for itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hook.example")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "hook.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)


@pytest.fixture
def receiver(certificate):
    """An https server on this machine: what came, and what it answers (200 when nothing is left)."""
    came, answers = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, dict(self.headers), body))
            status, headers = answers.pop(0) if answers else (200, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    server.came, server.answers = came, answers
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sender(certificate):
    """A sender that trusts the receiver, and finds every name on this machine."""

    async def here(host, port):
        return ["127.0.0.1"]

    trusted = ssl.create_default_context(cafile=certificate)
    return Sender(b"known to both", here, lambda address: True, trusted)
