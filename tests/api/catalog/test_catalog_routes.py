"""The STAC API over HTTP: documents, links, pages and tags."""

from __future__ import annotations

from typing import Any

import pytest
import stac_pydantic.api as stac
from stac_pydantic import Item

pytestmark = pytest.mark.anyio

BASE = "http://ogive.test"


def href(document: dict[str, Any], rel: str) -> str:
    [found] = [link["href"] for link in document["links"] if link["rel"] == rel]
    return found


async def test_collections_lead_to_their_items(client, catalog, workshop) -> None:
    item = workshop.item(0)
    await catalog.add(item)
    answer = await client.get("/collections")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    stac.Collections.model_validate(answer.json())
    [document] = answer.json()["collections"]
    assert href(document, "self") == f"{BASE}/collections/ogive-velocity"
    assert href(document, "root") == href(document, "parent") == f"{BASE}/"
    assert (await client.get(href(document, "self"))).json() == document
    found = (await client.get(href(document, "items"))).json()
    assert [feature["id"] for feature in found["features"]] == [item["id"]]
    assert [link["rel"] for link in document["links"]].count("license") == 1


async def test_an_item_names_its_files_where_they_are_served(client, catalog, workshop) -> None:
    item = workshop.item(0)
    await catalog.add(item)
    answer = await client.get(f"/collections/ogive-velocity/items/{item['id']}")
    assert answer.headers["content-type"] == "application/geo+json"
    served = answer.json()
    Item.model_validate(served)
    store = f"{BASE}/store/{item['id']}"
    assert {name: asset["href"] for name, asset in served["assets"].items()} == {
        "zarr": f"{store}.zarr",
        "manifest": f"{store}.manifest.json",
        "request": f"{store}.request.json",
    }
    assert href(served, "store") == f"{store}.zarr"
    assert href(served, "self") == str(answer.url)
    assert href(served, "collection") == href(served, "parent") == f"{BASE}/collections/ogive-velocity"
    assert all("://" in link["href"] for link in served["links"])
    unchanged = set(item) - {"assets", "links"}
    assert {key: served[key] for key in unchanged} == {key: item[key] for key in unchanged}
    assert served["assets"]["zarr"]["bands"] == item["assets"]["zarr"]["bands"]


async def test_links_start_with_the_public_address_if_there_is_one(app, client, catalog, workshop) -> None:
    await catalog.add(workshop.item(0))
    app.state.settings = app.state.settings.model_copy(update={"public_url": "https://ogive.example/api"})
    found = (await client.get("/search", params={"limit": 1})).json()
    assert href(found, "self") == "https://ogive.example/api/search?limit=1"
    assert found["features"][0]["assets"]["zarr"]["href"].startswith("https://ogive.example/api/store/")


@pytest.mark.parametrize("path", ["/collections/ogive-velocity", "/collections/ogive-velocity/items/{id}"])
async def test_a_document_is_sent_again_only_if_it_changed(client, catalog, workshop, path) -> None:
    item = workshop.item(0)
    await catalog.add(item)
    first = await client.get(path.format(id=item["id"]))
    assert first.headers["cache-control"] == "public, max-age=300"
    tag = first.headers["etag"]
    for sent in (tag, f'W/{tag}, "other"', "*"):
        again = await client.get(str(first.url), headers={"If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await client.get(str(first.url), headers={"If-None-Match": '"other"'})
    assert other.content == first.content
    later = item["properties"] | {"end_datetime": "2030-01-01T00:00:00Z"}
    await catalog.add(item | {"properties": later})
    changed = await client.get(str(first.url), headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_get_pages_are_followed_by_their_links(client, catalog, workshop) -> None:
    items = [workshop.item(number) for number in range(5)]
    for item in items:
        await catalog.add(item)
    for start in ("/search?limit=2&collections=ogive-velocity", "/collections/ogive-velocity/items?limit=2"):
        seen, address = [], start
        while address is not None:
            page = (await client.get(address)).json()
            stac.ItemCollection.model_validate(page)
            assert page["numberMatched"] == 5
            assert page["numberReturned"] == len(page["features"])
            seen += [feature["id"] for feature in page["features"]]
            address = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        assert seen == [item["id"] for item in reversed(items)]


async def test_post_pages_are_followed_by_their_links(client, catalog, workshop) -> None:
    items = [workshop.item(number) for number in range(5)]
    for item in items:
        await catalog.add(item)
    asked: dict[str, Any] = {"limit": 2, "bbox": [-180, 0, 180, 90]}
    seen = []
    while True:
        answer = await client.post("/search", json=asked)
        assert answer.headers["content-type"] == "application/geo+json"
        page = answer.json()
        seen += [feature["id"] for feature in page["features"]]
        following = next((link for link in page["links"] if link["rel"] == "next"), None)
        if following is None:
            break
        assert (following["method"], following["merge"]) == ("POST", True)
        asked |= following["body"]
    assert seen == [item["id"] for item in reversed(items)]


async def test_get_and_post_select_alike(client, catalog, workshop) -> None:
    items = [workshop.item(number) for number in range(4)]
    for item in items:
        await catalog.add(item)
    west, south, east, north = items[2]["bbox"]
    point = {"type": "Point", "coordinates": [(west + east) / 2, (south + north) / 2]}
    asked = [
        ({"bbox": f"{west},{south},{east},{north}"}, {"bbox": [west, south, east, north]}),
        ({"bbox": "170, 50, -130, 80"}, {"bbox": [170, 50, -130, 80]}),
        ({"ids": f"{items[1]['id']},{items[2]['id']}"}, {"ids": [items[1]["id"], items[2]["id"]]}),
        ({"intersects": str(point).replace("'", '"')}, {"intersects": point}),
        ({"datetime": "2002-01-01T00:00:00Z/.."}, {"datetime": "2002-01-01T00:00:00Z/.."}),
        ({"collections": "another"}, {"collections": ["another"]}),
    ]
    counts = []
    for query, body in asked:
        got = (await client.get("/search", params=query)).json()
        posted = (await client.post("/search", json=body)).json()
        assert got["features"] == posted["features"], query
        counts.append(got["numberMatched"])
    assert counts == [1, 4, 2, 1, 2, 0]


async def test_items_of_a_collection_are_searched_by_place_and_time(client, catalog, workshop) -> None:
    items = [workshop.item(number) for number in range(3)]
    for item in items:
        await catalog.add(item)
    west, south, east, north = items[1]["bbox"]
    place = {"bbox": f"{west},{south},{east},{north}", "datetime": "2001-02-01T00:00:00Z"}
    found = (await client.get("/collections/ogive-velocity/items", params=place)).json()
    assert [feature["id"] for feature in found["features"]] == [items[1]["id"]]
    assert href(found, "collection") == f"{BASE}/collections/ogive-velocity"
    same = {**place, "collections": "ogive-velocity"}
    again = (await client.get("/collections/ogive-velocity/items", params=same)).json()
    assert again["features"] == found["features"]
    refused = await client.get("/collections/ogive-velocity/items", params={"collections": "another"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["loc"] == "query.collections"
