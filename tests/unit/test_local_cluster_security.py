"""The cluster of a deployment: TLS with its own certificates, and nothing for other machines to reach."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import ssl

import psutil
import pytest
from distributed import Client, Security

from infra.local import cluster
from infra.local.deployment import free_ports
from service.connection import connect
from service.errors import SchedulerUnavailable
from service.settings import Settings


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """A scheduler and a worker, as a deployment starts them: their processes, and the scheduler's port."""
    folder = tmp_path_factory.mktemp("parts")
    (port,) = free_ports(1)
    tls = cluster.certificates(folder)
    made = [cluster.scheduler(folder, port, tls), cluster.worker(0, folder, port, tls)]
    try:
        for part in made:
            part.start()
            part.wait()
        yield made, port, folder
    finally:
        for part in reversed(made):
            part.stop()


def handshake(port, context):
    """Whether the scheduler goes on speaking with who shows what a context holds."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    with plain, context.wrap_socket(plain) as secured:
        # Under TLS 1.3 a server tells only by its first words what it thinks of the client.
        return len(secured.recv(1)) == 1


def context(folder, own):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.load_verify_locations(folder / "tls" / "dask.pem")
    if own:
        made.load_cert_chain(folder / "tls" / "dask.pem", folder / "tls" / "dask-key.pem")
    return made


def test_who_has_no_certificate_is_refused(parts, tmp_path):
    _, port, folder = parts
    assert handshake(port, context(folder, own=True))
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        assert not handshake(port, context(folder, own=False))
    other = cluster.certificates(tmp_path)
    stranger = context(folder, own=False)
    stranger.load_cert_chain(
        other[f"{cluster.SECTION}TLS__CLIENT__CERT"], other[f"{cluster.SECTION}TLS__CLIENT__KEY"]
    )
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        assert not handshake(port, stranger)


@pytest.mark.parametrize("kind", ["tcp", "tls"])
def test_a_client_of_dask_without_the_certificate_gets_nowhere(parts, kind):
    _, port, _ = parts
    stranger = Security.temporary() if kind == "tls" else Security()
    with pytest.raises(OSError):
        Client(f"{kind}://127.0.0.1:{port}", security=stranger, timeout="2s", set_as_default=False)


def test_a_service_without_the_certificate_says_that_it_cannot_start(parts, tmp_path):
    _, port, _ = parts

    async def start():
        async with connect(Settings(data=tmp_path, scheduler=f"tcp://127.0.0.1:{port}")):
            raise AssertionError("it is connected")

    with pytest.raises(SchedulerUnavailable, match="OGIVE_SCHEDULER"):
        asyncio.run(start())


def test_no_part_listens_to_other_machines(parts):
    made, port, _ = parts
    listening = set()
    for part in made:
        root = psutil.Process(part.pid)
        for process in [root, *root.children(recursive=True)]:
            listening |= {
                (part.name, connection.laddr.ip, connection.laddr.port)
                for connection in process.net_connections("inet")
                if connection.status == psutil.CONN_LISTEN
            }
    assert ("scheduler", "127.0.0.1", port) in listening
    assert [each for each in sorted(listening) if not ipaddress.ip_address(each[1]).is_loopback] == []


def test_the_private_key_is_its_owner_s_alone(parts):
    _, _, folder = parts
    assert os.stat(folder / "tls" / "dask-key.pem").st_mode & 0o077 == 0
