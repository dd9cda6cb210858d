"""Errors that no handler took: the database away is told by its name, anything else is not told at all."""

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from service.middleware import Unforeseen
from service.settings import Settings

pytestmark = pytest.mark.anyio


def lost():
    raise sa.exc.OperationalError("SELECT secret", {"key": "value"}, Exception("connection refused"))


def broken():
    raise KeyError("secret")


async def answered(folder, raises):
    app = FastAPI()
    app.state.settings = Settings(data=folder)
    app.get("/")(raises)
    app.add_middleware(Unforeseen)

    async def with_id(scope, receive, send):
        scope.setdefault("state", {})["request_id"] = "abc"
        await app(scope, receive, send)

    transport = httpx.ASGITransport(with_id)
    async with httpx.AsyncClient(transport=transport, base_url="http://ogive.test") as http:
        return await http.get("/")


async def test_a_database_that_is_away_is_told_and_when_to_come_again(tmp_path, caplog):
    answer = await answered(tmp_path, lost)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["type"].endswith("/problems/database-unavailable")
    assert "SELECT" not in answer.text
    assert "connection refused" in caplog.text
    assert "value" not in caplog.text


async def test_anything_else_tells_nothing(tmp_path):
    answer = await answered(tmp_path, broken)
    assert (answer.status_code, answer.json()["title"]) == (500, "Internal Server Error")
    assert "secret" not in answer.text
