"""Products over HTTP: whole objects and ranges, tags and caches, and no way out of a product."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workers.products import keys

pytestmark = pytest.mark.anyio


@pytest.fixture
async def product(catalog, client, workshop) -> str:
    """The id of a product that is whole."""
    item = workshop.publish(0)
    await catalog.add(item)
    return item["id"]


@pytest.fixture
def chunk(product, workshop) -> tuple[str, bytes]:
    """The path of a shard that exists, and its bytes."""
    return f"/store/{product}.zarr/vx/c/0/0/0", workshop.store.object(product, "vx/c/0/0/0").read()


async def test_every_object_of_the_manifest_is_served(client, product, workshop) -> None:
    listed = (await client.get(f"/store/{product}.manifest.json")).json()["objects"]
    assert len(listed) > 8
    for key, entry in listed.items():
        answer = await client.get(f"/store/{product}.zarr/{key}")
        assert answer.status_code == 200
        assert answer.content == workshop.store.object(product, key).read()
        assert len(answer.content) == entry["size"]
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        assert answer.headers["content-type"] == kind
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["accept-ranges"] == "bytes"


async def test_documents_beside_the_store(client, product, workshop) -> None:
    request = await client.get(f"/store/{product}.request.json")
    assert request.content == workshop.store.read(keys.request(product))
    item = await client.get(f"/store/{product}.json")
    assert item.headers["content-type"] == "application/geo+json"
    assert item.json() == (await client.get(f"/collections/ogive-velocity/items/{product}")).json()


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=10-", 10, None),
        ("bytes=-8", -8, None),
        ("bytes=-99999999", 0, None),
        ("bytes=5-99999999", 5, None),
        ("bytes= 1 - 2", 1, 3),
    ],
)
async def test_a_range_is_cut_out(client, chunk, asked: str, start: int, stop: int | None) -> None:
    path, whole = chunk
    answer = await client.get(path, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == whole[start:stop]
    first = range(len(whole))[start]
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(whole)}"
    assert answer.headers["content-length"] == str(len(answer.content))


@pytest.mark.parametrize("asked", ["bytes=3-1", "bytes=-", "bytes=0-1,4-5", "items=0-1", "bytes=a-b"])
async def test_what_is_no_single_range_is_ignored(client, chunk, asked: str) -> None:
    path, whole = chunk
    answer = await client.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, whole)


@pytest.mark.parametrize("asked", ["bytes=99999999-", "bytes=99999999-999999990", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused(client, chunk, asked: str) -> None:
    path, whole = chunk
    answer = await client.get(path, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(whole)}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"{len(whole)} bytes" in answer.json()["detail"]


async def test_head_tells_what_get_would_send(client, chunk, product) -> None:
    path, _ = chunk
    for address in (path, f"/store/{product}.manifest.json"):
        got, head = await client.get(address), await client.head(address)
        assert head.content == b""
        names = ("content-length", "content-type", "etag", "cache-control", "accept-ranges")
        assert [head.headers[name] for name in names] == [got.headers[name] for name in names]
    assert (await client.head(path, headers={"Range": "bytes=0-1"})).status_code == 200
    assert (await client.head(f"/store/{product}.zarr/vx/c/9/9/9")).status_code == 404


async def test_tags_guard_bytes_and_ranges(client, chunk) -> None:
    path, whole = chunk
    tag = (await client.get(path)).headers["etag"]
    unchanged = await client.get(path, headers={"If-None-Match": tag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    same = await client.get(path, headers={"Range": "bytes=0-3", "If-Range": tag})
    assert (same.status_code, same.content) == (206, whole[:4])
    other = await client.get(path, headers={"Range": "bytes=0-3", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, whole)


async def test_what_is_not_whole_is_not_kept(client, workshop) -> None:
    begun = workshop.begin(3)
    answer = await client.get(f"/store/{begun}.zarr/zarr.json")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert (await client.get(f"/store/{begun}.manifest.json")).status_code == 404
    assert (await client.get(f"/store/{begun}.json")).status_code == 404


@pytest.mark.parametrize(
    "rest",
    ["zarr.json/x", "vx", "vx/", "vx/c/0/1/0", "vx/c/0/0/0/0", ".zarray", "", "vx//zarr.json", "x" * 300],
)
async def test_an_absent_key_is_a_plain_404(client, product, rest: str) -> None:
    answer = await client.get(f"/store/{product}.zarr/{rest}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["other.zarr/zarr.json", "other.json", "other.manifest.json", "x", ".zarr/x"]
)
async def test_an_absent_product_is_a_plain_404(client, product, name: str) -> None:
    assert (await client.get(f"/store/{name}")).status_code == 404


@pytest.mark.parametrize(
    "way",
    [
        "../{id}.request.json",
        "..%2f{id}.request.json",
        "%2e%2e/{id}.request.json",
        "%2e%2e%2f{id}.request.json",
        "%252e%252e%252f{id}.request.json",
        "vx/../../{id}.request.json",
        "vx/..%5c..%5c{id}.request.json",
        "..\\{id}.request.json",
        "%2f{secret}",
        "/{secret}",
        "%00/zarr.json",
        "zarr.json%00",
    ],
)
async def test_no_key_leads_out_of_its_product(client, product, workshop, way: str) -> None:
    secret = Path(workshop.store.url).parent / "secret.txt"
    secret.write_text("secret")
    path = way.format(id=product, secret=str(secret).lstrip("/"))
    # the path is handed over as it stands: no client tidies it up
    answer = await raw_get(client, f"/store/{product}.zarr/{path}")
    assert answer == 404


@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2f..%2fogive_EPSG1_x", "ogive_EPSG32607_..%2f..%2fx"])
@pytest.mark.parametrize("suffix", [".zarr/zarr.json", ".json", ".request.json"])
async def test_no_product_leads_out_of_the_store(client, product, name: str, suffix: str) -> None:
    assert await raw_get(client, f"/store/{name}{suffix}") == 404


async def raw_get(client, path: str) -> int:
    """The status of a GET whose path reaches the app byte for byte, decoded once as every server does."""
    from urllib.parse import unquote

    sent: list[dict] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"ogive.test")],
        "server": ("ogive.test", 80),
        "client": ("127.0.0.1", 1),
    }

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    await client._transport.app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    assert json.loads(body)["status"] == sent[0]["status"]
    return sent[0]["status"]
