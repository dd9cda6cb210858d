"""A cube on an S3 server and on a web server, which count what is asked of them and can be made to fail."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from workers.cubes.reference import Access

BUCKET = "velocity"
PAIRS, HEIGHT, WIDTH = 240, 24, 23


@dataclass
class Served:
    """Where a cube is served, and what has been asked of the server."""

    href: str
    access: Access
    asked: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[[str], int | None] = lambda key: None
    """For a key the status to answer with instead; -1 sends half of the bytes"""

    def take(self) -> Counter[tuple[str, str]]:
        """The requests since the last call."""
        taken, self.asked[:] = Counter(self.asked), []
        return taken


def client(endpoint: str) -> Any:
    """A client that may write."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@contextmanager
def web(folder: Path) -> Iterator[Served]:
    """A web server of the folder that a cube lies in."""

    class Handler(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            key = self.path.removeprefix("/tile.zarr/")
            served.asked.append((self.command, key))
            status = served.fault(key)
            if status is None:
                super().do_GET()
            elif status < 0:
                body = (folder / key).read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body) // 2))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
            else:
                self.send_error(status)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *args: object) -> None:
            """Keep the output of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Handler(*args, directory=str(folder.parent)))
    served = Served(f"http://127.0.0.1:{server.server_port}/tile.zarr", Access())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()


@contextmanager
def s3(folder: Path) -> Iterator[Served]:
    """An S3 server that holds a cube, what nobody reads of it left out."""
    moto = DomainDispatcherApplication(create_backend_app)

    def counting(environ: dict, start_response: Callable) -> object:
        key = environ["PATH_INFO"].removeprefix(f"/{BUCKET}/tile.zarr/")
        served.asked.append((environ["REQUEST_METHOD"], key))
        return moto(environ, start_response)

    server = make_server("127.0.0.1", 0, counting, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    served = Served(f"s3://{BUCKET}/tile.zarr", Access(anonymous=True, endpoint_url=endpoint))
    owner = client(endpoint)
    owner.create_bucket(Bucket=BUCKET, ACL="public-read-write")
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).parts[0] != "granule_url":
            owner.upload_file(str(path), BUCKET, f"tile.zarr/{path.relative_to(folder)}")
    served.take()
    yield served
    server.shutdown()
    server.server_close()


class Sometimes:
    """A fault that passes after some requests of each key."""

    def __init__(self, status: int, times: int, only: str = "") -> None:
        self.status, self.times, self.only, self.seen = status, times, only, Counter[str]()

    def __call__(self, key: str) -> int | None:
        self.seen[key] += 1
        return self.status if self.only in key and self.seen[key] <= self.times else None
