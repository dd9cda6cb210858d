"""The gate in front of an application that tells who came in."""

import pytest

from service.security.scopes import Scope
from tests.unit.security.conftest import AUDIENCE, ISSUER
from tests.unit.security.house import ADMIN, HOME

pytestmark = pytest.mark.anyio


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


async def test_probes_are_told_whatever_they_send(house):
    made = await house(anonymous="none")
    del made.app.state.authenticator  # as little as a database that is away is needed for it
    async with made.client(**{"X-API-Key": "guess"}) as client:
        assert (await client.get("/health/live")).status_code == 200
