"""An OpenID provider of our own: real keys, and a real server that publishes them. And a house to enter."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from service import database, migrations
from service.security.provider import ALGORITHMS, Provider
from service.settings import Settings
from tests.unit.security.house import ADMIN, House

ISSUER, AUDIENCE = "https://login.example", "https://ogive.example"


@dataclass
class Identity:
    """A provider: what it publishes, how often it was asked, and tokens that it signs."""

    url: str = ""
    keys: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Private keys by id, each with its algorithm"""
    published: list[dict[str, Any]] | None = None
    """What is served in place of the public keys"""
    told_of_itself: dict[str, Any] = field(default_factory=dict)
    """What is served for discovery"""
    status: int = 200
    asked: int = 0

    def add(self, kid: str, algorithm: str = "ES256") -> None:
        """A new key."""
        rsa_key = algorithm[:2] in ("RS", "PS")
        private = (
            rsa.generate_private_key(65537, 2048) if rsa_key else ec.generate_private_key(ec.SECP256R1())
        )
        self.keys[kid] = algorithm, private

    def document(self) -> dict[str, Any]:
        """The JWKS."""
        if self.published is not None:
            return {"keys": self.published}
        return {
            "keys": [
                jwt.get_algorithm_by_name(algorithm).to_jwk(private.public_key(), as_dict=True)
                | {"kid": kid, "alg": algorithm, "use": "sig"}
                for kid, (algorithm, private) in self.keys.items()
            ]
        }

    def token(self, kid: str, **claims: Any) -> str:
        """A token that is right but for the claims given; None leaves one out."""
        algorithm, private = self.keys[kid]
        now = int(time.time())
        body = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 300, **claims}
        return jwt.encode(
            {name: value for name, value in body.items() if value is not None},
            private,
            algorithm,
            {"kid": kid},
        )

    @property
    def provider(self) -> Provider:
        """The provider as settings name it."""
        return Provider(ISSUER, AUDIENCE, self.url, ALGORITHMS, "scope")


@pytest.fixture
def identity():
    made = Identity()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            made.asked += 1
            told = made.told_of_itself if self.path.startswith("/.well-known/") else made.document()
            content = json.dumps(told).encode()
            self.send_response(made.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    made.url = f"{made.address}/jwks.json"
    made.told_of_itself = {"issuer": made.address, "jwks_uri": made.url}
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def house(tmp_path):
    """Make a house by its settings."""
    async with contextlib.AsyncExitStack() as left:

        async def make(**changes):
            settings = Settings(**{"data": tmp_path, "admin_key": ADMIN} | changes)
            engine = database.connect(settings.database)
            left.push_async_callback(engine.dispose)
            await migrations.upgrade(engine)
            return House(settings, engine)

        yield make
