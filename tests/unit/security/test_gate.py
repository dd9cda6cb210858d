"""The gate in front of an application that tells who came in."""

import contextlib

import httpx
import pytest
from fastapi import FastAPI, Request

from service import database, migrations
from service.observability.requests import Observed
from service.security import authentication
from service.security.access import Read, Run
from service.security.authentication import Authenticator
from service.security.gate import Gate
from service.security.keyring import Keyring
from service.security.scopes import Scope
from service.settings import Settings
from tests.unit.security.conftest import AUDIENCE, ISSUER

pytestmark = pytest.mark.anyio
ADMIN = "only-for-tests-" + "0123456789" * 3
HOME = "http://127.0.0.1:8000"


class House:
    """An application behind the gate, and its keys."""

    def __init__(self, settings, engine):
        self.keyring = Keyring(engine)
        self.app = FastAPI()
        self.app.state.settings = settings
        self.app.state.authenticator = Authenticator(settings, self.keyring)
        self.app.add_middleware(Gate, settings)
        self.app.add_middleware(Observed)

        @self.app.get("/health/live")
        async def live():
            return {}

        @self.app.get("/open")
        @self.app.get("/store/{key}")
        async def who(request: Request):
            caller = request.state.caller
            return {"owner": caller.owner, "scopes": sorted(caller.scopes)}

        from service import failures

        failures.install(self.app)
        self.app.get("/read", dependencies=[Read])(who)
        self.app.get("/run", dependencies=[Run])(who)

    def client(self, base=HOME, address="127.0.0.1", **headers):
        transport = httpx.ASGITransport(self.app, client=(address, 4711))
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)


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


async def scopes(client, **headers):
    answer = await client.get("/open", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["scopes"]


async def test_who_is_at_home_may_do_everything_and_is_not_counted(house):
    made = await house(limit_requests_anonymous="1/day")
    for base in (HOME, "http://localhost:8000", "http://[::1]:8000"):
        async with made.client(base) as client:
            assert await scopes(client) == ["admin", "read", "run"]
            assert await scopes(client, Origin="http://localhost:3000") == ["admin", "read", "run"]
            assert "RateLimit" not in (await client.get("/open")).headers


@pytest.mark.parametrize(
    ("settings", "request_"),
    [
        ({"host": "0.0.0.0"}, {}),
        ({"public_url": "https://ogive.example"}, {}),
        ({}, {"address": "203.0.113.7"}),
        ({}, {"base": "http://rebound.example:8000"}),
        ({}, {"base": "http://127.0.0.1.rebound.example"}),
        ({}, {"Origin": "https://evil.example"}),
        ({}, {"Origin": "null"}),
        ({}, {"X-Forwarded-For": "127.0.0.1"}),
        ({}, {"Forwarded": "for=127.0.0.1"}),
        ({}, {"Via": "1.1 proxy"}),
    ],
)
async def test_nobody_else_is_taken_for_who_is_at_home(house, settings, request_):
    made = await house(**settings)
    async with made.client(**request_) as client:
        assert await scopes(client) == ["read"]


@pytest.mark.parametrize(("anonymous", "may"), [("none", []), ("read", ["read"]), ("run", ["read", "run"])])
async def test_what_anybody_may_is_as_set_even_at_home(house, anonymous, may):
    made = await house(anonymous=anonymous)
    async with made.client() as client:
        assert await scopes(client) == may


async def test_a_key_gives_its_scopes_by_either_header(house):
    made = await house(anonymous="none")
    reader, _ = await made.keyring.create("ada", Scope.read)
    runner, _ = await made.keyring.create("ada", Scope.run)
    async with made.client() as client:
        assert await scopes(client, **{"X-API-Key": reader}) == ["read"]
        assert await scopes(client, Authorization=f"Bearer {runner}") == ["read", "run"]
        assert await scopes(client, Authorization=f"bearer  {ADMIN}") == ["admin", "read", "run"]
        owner = (await client.get("/open", headers={"X-API-Key": reader})).json()["owner"]
        assert owner == "key:ada"


async def test_a_key_may_at_least_what_anybody_may(house):
    made = await house(anonymous="run")
    reader, _ = await made.keyring.create("ada", Scope.read)
    async with made.client() as client:
        assert await scopes(client, **{"X-API-Key": reader}) == ["read", "run"]


async def test_what_proves_nothing_is_refused_even_where_nothing_is_asked(house):
    made = await house()
    good, _ = await made.keyring.create("ada", Scope.read)
    over, key = await made.keyring.create("ada", Scope.read, days=0)
    revoked, gone = await made.keyring.create("ada", Scope.read)
    await made.keyring.revoke(gone.id)
    sent = {
        "copied in part": {"X-API-Key": good[:-1] + ("A" if good[-1] != "A" else "B")},
        "takes no tokens": {"X-API-Key": "guess"},
        f"{key.id} is expired": {"X-API-Key": over},
        f"{gone.id} is revoked": {"X-API-Key": revoked},
        "Several keys": {"X-API-Key": good, "Authorization": f"Bearer {good}"},
        "Bearer KEY": {"Authorization": f"Basic {good}"},
    }
    async with made.client() as client:
        for told, headers in sent.items():
            answer = await client.get("/open", headers=headers)
            assert answer.status_code == 401, told
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"] == 'Bearer realm="ogive"'
            assert told in answer.json()["detail"]
            assert good not in answer.text


async def test_a_key_is_asked_for_once_in_some_seconds_and_then_seen_to_be_revoked(house, monkeypatch):
    made = await house(anonymous="none")
    secret, key = await made.keyring.create("ada", Scope.read)
    async with made.client(**{"X-API-Key": secret}) as client:
        assert (await client.get("/read")).status_code == 200
        await made.keyring.revoke(key.id)
        assert (await client.get("/read")).status_code == 200
        monkeypatch.setattr(authentication, "_RECENT_SECONDS", 0.0)
        assert (await client.get("/read")).status_code == 401
        assert (await client.get("/read")).status_code == 401


async def test_scopes_are_asked_for_where_routes_say_so(house):
    made = await house(anonymous="none")
    reader, _ = await made.keyring.create("ada", Scope.read)
    async with made.client() as client:
        unknown, known = await client.get("/run"), await client.get("/run", headers={"X-API-Key": reader})
        assert (unknown.status_code, known.status_code) == (401, 403)
        assert unknown.json()["type"].endswith("/problems/unauthorized")
        assert known.json()["type"].endswith("/problems/forbidden")
        assert "scope run" in known.json()["detail"]
        assert (await client.get("/read")).status_code == 401
        assert (await client.get("/read", headers={"X-API-Key": reader})).status_code == 200
        assert (await client.get("/run", headers={"X-API-Key": ADMIN})).status_code == 200


async def test_tokens_of_a_provider_are_taken(house, identity):
    identity.add("k")
    made = await house(
        anonymous="none", oidc_issuer=ISSUER, oidc_audience=AUDIENCE, oidc_jwks_url=identity.url
    )
    token = identity.token("k", scope="ogive:run")
    async with made.client(Authorization=f"Bearer {token}") as client:
        answer = await client.get("/run")
        assert answer.json() == {"owner": "oidc:ada", "scopes": ["read", "run"]}
    async with made.client(Authorization=f"Bearer {token[:-4]}") as client:
        assert (await client.get("/run")).status_code == 401


async def test_requests_are_counted_by_key_and_by_address(house):
    made = await house(
        anonymous="read", limit_requests="2/minute, 9/hour", limit_requests_anonymous="1/minute"
    )
    one, _ = await made.keyring.create("ada", Scope.read)
    other, _ = await made.keyring.create("ada", Scope.read)
    async with made.client() as client:
        first = await client.get("/open", headers={"X-API-Key": one})
        assert first.headers["ratelimit-policy"] == '"minute";q=2;w=60, "hour";q=9;w=3600'
        assert first.headers["ratelimit"] == '"minute";r=1;t=30'
        assert (
            (await client.get("/open", headers={"X-API-Key": one}))
            .headers["ratelimit"]
            .startswith('"minute";r=0')
        )
        refused = await client.get("/open", headers={"X-API-Key": one})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 30
        assert refused.headers["ratelimit"].startswith('"minute";r=0;t=')
        document = refused.json()
        assert document["type"].endswith("/problems/rate-limited")
        assert document["violated-policies"] == ["minute"]
        assert document["reset"] == int(refused.headers["retry-after"])
        assert (await client.get("/open", headers={"X-API-Key": other})).status_code == 200
        assert (await client.get("/open")).status_code == 200
        assert (await client.get("/open")).status_code == 429
        assert (await client.get("/store/v")).status_code == 200, "objects are counted apart"
        assert (await client.get("/health/live")).status_code == 200
    async with made.client(address="203.0.113.7") as client:
        assert (await client.get("/open")).status_code == 200


async def test_guesses_of_keys_are_counted(house):
    made = await house(anonymous="read", limit_requests_anonymous="3/minute")
    async with made.client() as client:
        guesses = [f"ogive_{number:08x}_{'a' * 43}" for number in range(5)]
        found = [(await client.get("/open", headers={"X-API-Key": guess})).status_code for guess in guesses]
        assert found == [401, 401, 401, 429, 429]


async def test_probes_are_told_whatever_they_send(house):
    made = await house(anonymous="none")
    del made.app.state.authenticator  # as little as a database that is away is needed for it
    async with made.client(**{"X-API-Key": "guess"}) as client:
        assert (await client.get("/health/live")).status_code == 200
