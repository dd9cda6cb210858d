"""Bounds of requests, in front of an application that tells what it got."""

import asyncio
import gzip
import json
import logging

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request

from service import bounds
from service.bounds import DEEPEST, Bounds, check_depth
from service.observability.requests import Observed
from service.security.keys import mint
from service.settings import Settings
from workers.errors import InvalidRequest

pytestmark = pytest.mark.anyio


@pytest.fixture
def app(tmp_path):
    made = FastAPI()
    made.state.settings = Settings(data=tmp_path, limit_body=1000, limit_query=100)
    made.add_middleware(Bounds, made.state.settings)
    made.add_middleware(Observed)

    @made.api_route("/echo", methods=["GET", "POST"])
    async def echo(request: Request):
        return {"body": (await request.body()).decode(), "query": dict(request.query_params)}

    return made


@pytest.fixture
async def client(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ogive.test") as client:
        yield client


def told(answer, status, kind):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"http://ogive.test/problems/{kind}"
    return answer.json()


async def test_what_is_within_bounds_arrives_whole(client):
    text = "é" * 500
    assert (await client.post("/echo", content=text.encode())).json()["body"] == text

    async def parts():
        for letter in "abc":
            yield letter.encode() * 300

    assert (await client.post("/echo", content=parts())).json()["body"] == "a" * 300 + "b" * 300 + "c" * 300
    assert (await client.get("/echo", params={"a": "b"})).json() == {"body": "", "query": {"a": "b"}}


async def test_a_large_body_is_refused_as_told_and_as_it_comes(client):
    assert (
        "1000 bytes" in told(await client.post("/echo", content=b"x" * 1001), 413, "body-too-large")["detail"]
    )
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 100
            yield b"x" * 100

    told(await client.post("/echo", content=endless()), 413, "body-too-large")
    assert sent <= 1200, "it is refused as soon as it is too much"
    told(await client.post("/echo", content=b"", headers={"Content-Length": "-1"}), 413, "body-too-large")


async def test_compressed_bodies_are_refused_unread(client):
    bomb = gzip.compress(b"0" * 500_000)
    assert len(bomb) < 1000
    document = await client.post("/echo", content=bomb, headers={"Content-Encoding": "gzip"})
    assert "'gzip'" in told(document, 415, "coded-body")["detail"]
    assert document.headers["accept-encoding"] == "identity"
    plain = await client.post("/echo", content=b"{}", headers={"Content-Encoding": "identity"})
    assert plain.json()["body"] == "{}"


async def test_a_body_that_does_not_end_is_given_up(client, monkeypatch):
    monkeypatch.setattr(bounds, "_SECONDS", 0.05)

    async def slow():
        yield b"a"
        await asyncio.sleep(5)
        yield b"b"

    told(await client.post("/echo", content=slow()), 408, "slow-body")


async def test_a_long_query_is_refused(client):
    assert (await client.get(f"/echo?a={'b' * 98}")).status_code == 200
    told(await client.get(f"/echo?a={'b' * 99}"), 414, "query-too-long")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * (DEEPEST + 1),
        b'{"a":' * (DEEPEST + 1),
        b'["\\"]",' * (DEEPEST + 1),
        b"[]" * 100 + b"[" * (DEEPEST + 1),
        b"[]" * 50 + b"[[" * DEEPEST + b"]]" * DEEPEST,
    ],
)
async def test_a_deep_body_is_refused(client, body):
    assert (
        "nested deeper" in told(await client.post("/echo", content=body), 400, "invalid-parameter")["detail"]
    )


@pytest.mark.parametrize(
    "value",
    [
        [[]] * 200,
        ["[" * 500],
        ['"[\\' * 100],
        {"a" * 3: "{" * 400},
        json.loads("[" * DEEPEST + "]" * DEEPEST),
    ],
)
def test_what_is_wide_or_only_text_is_not_deep(value):
    check_depth(json.dumps(value).encode())


def test_the_depth_of_a_million_brackets_is_told_quickly():
    check_depth(b"[]" * (1 << 19))
    with pytest.raises(InvalidRequest):
        check_depth(b'"' + b"\\" * (1 << 19) + b'"' + b"[" * 100)


@pytest.mark.parametrize("name", ["api_key", "X-API-Key", "access_token", "note"])
async def test_a_key_in_the_address_is_refused_and_not_repeated(client, name):
    key, _ = mint()
    document = told(await client.get("/echo", params={"lon": 1, name: key}), 400, "invalid-parameter")
    assert "header X-API-Key" in document["detail"]
    assert key not in json.dumps(document)


async def test_a_token_in_the_address_is_refused_but_not_a_page_s(client):
    token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2ln"
    told(await client.get("/echo", params={"token": token}), 400, "invalid-parameter")
    assert (await client.get("/echo", params={"token": "YmVmb3JlOjQy"})).status_code == 200


async def test_a_key_in_the_address_is_not_in_the_server_s_log(app, caplog):
    key, _ = mint()
    caplog.set_level(logging.INFO, "uvicorn.access")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient() as client:
        await client.get(f"http://127.0.0.1:{port}/echo", params={"lon": 1, "key": key})
    server.should_exit = True
    await serving
    lines = [record.getMessage() for record in caplog.records if record.name == "uvicorn.access"]
    assert any("lon=1&key=hidden" in line for line in lines)
    assert key not in "".join(lines)
