"""The gate counts requests, and seldom asks for a key."""

import pytest

from service.security import authentication
from service.security.scopes import Scope

pytestmark = pytest.mark.anyio


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
