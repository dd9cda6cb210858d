"""The STAC API over HTTP: what it refuses, and what it says would work."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.anyio

BASE = "http://ogive.test"


@pytest.mark.parametrize(
    "path",
    [
        "/collections/another",
        "/collections/another/items",
        "/collections/another/items/x",
        "/collections/ogive-velocity/items/x",
        "/collections/ogive-velocity/items/%00",
    ],
)
async def test_what_is_not_there_is_a_problem(client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"{BASE}/problems/not-found"
    assert "There is no collection" in problem["detail"] or "has no item" in problem["detail"]


@pytest.mark.parametrize(
    ("query", "loc", "says"),
    [
        ("bbox=1,2,3", "query.bbox", "3 numbers"),
        ("bbox=", "query.bbox", "no list of numbers"),
        ("bbox=a,b,c,d", "query.bbox", "no list of numbers"),
        ('bbox=1,2,3,4&intersects={"type":"Point","coordinates":[1,2]}', "query", "one of the two"),
        ("limit=0", "query.limit", "limit"),
        ("limit=-1", "query.limit", "limit"),
        ("limit=ten", "query.limit", "ten"),
        ("datetime=2015-01-01", "query.datetime", "2015-01-01T00:00:00Z"),
        ("intersects=nonsense", "query.intersects", "intersects"),
        ("intersects=[1]", "query.intersects", "intersects"),
        ("token=nonsense", "query.token", "next link"),
        ("collection=x", "query.collection", "did you mean collections"),
        ("ids=a&ids=b", "query.ids", "more than once"),
    ],
)
async def test_a_malformed_query_is_a_problem(client, query: str, loc: str, says: str) -> None:
    answer = await client.get(f"/search?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"{BASE}/problems/invalid-parameter"
    [error] = problem["errors"]
    assert error["loc"] == loc
    assert says in error["msg"]


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"bbox": [1, 2, 3]}, "body.bbox"),
        ({"bbox": "1,2,3,4"}, "body.bbox"),
        ({"limit": 0}, "body.limit"),
        ({"ids": "one"}, "body.ids"),
        ({"filter": {}}, "body.filter"),
        ({"intersects": {"type": "Circle"}}, "body.intersects"),
        ([], "body"),
    ],
)
async def test_a_malformed_body_is_a_problem(client, body: Any, loc: str) -> None:
    answer = await client.post("/search", json=body)
    assert answer.status_code == 400, answer.text
    assert [error["loc"] for error in answer.json()["errors"]] == [loc]


async def test_paths_without_parameters_take_none(client) -> None:
    for path in ("/collections", "/collections/ogive-velocity", "/collections/ogive-velocity/items/x"):
        answer = await client.get(path, params={"limit": 1})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["loc"] == "query.limit"
    answer = await client.get("/collections/ogive-velocity/items", params={"ids": "x"})
    assert answer.status_code == 400
