"""The items of a collection as GeoParquet: the same items, the same bytes."""

from __future__ import annotations

import io
import json

import pyarrow.parquet
import pytest
import shapely
from stac_geoparquet.arrow import stac_table_to_items

pytestmark = pytest.mark.anyio

HERE = "/collections/ogive-velocity/items.parquet"


async def test_the_file_holds_every_item(client, catalog, workshop) -> None:
    items = [workshop.item(number) for number in (3, 0, 2)]
    for number, item in enumerate(items):
        item["properties"]["ogive:input_fingerprint"] = {f"cube-{number}": "sha256:1"}
        await catalog.add(item)
    first, second = [await client.get(HERE) for _ in range(2)]
    assert first.headers["content-type"] == "application/vnd.apache.parquet"
    assert first.content == second.content
    table = pyarrow.parquet.read_table(io.BytesIO(first.content))
    geo = json.loads(table.schema.metadata[b"geo"])
    assert geo["columns"][geo["primary_column"]]["encoding"] == "WKB"
    found = list(stac_table_to_items(table))
    assert [item["id"] for item in found] == sorted(item["id"] for item in items)
    served = (await client.get(f"/collections/ogive-velocity/items/{found[0]['id']}")).json()
    assert shapely.geometry.shape(found[0]["geometry"]).equals(shapely.geometry.shape(served["geometry"]))
    assert found[0]["assets"]["zarr"]["href"] == served["assets"]["zarr"]["href"]
    expression = found[0]["properties"]["processing:expression"]
    assert json.loads(expression) == served["properties"]["processing:expression"]


async def test_a_file_that_the_client_has_is_not_sent_again(client, catalog, workshop) -> None:
    await catalog.add(workshop.item(0))
    tag = (await client.get(HERE)).headers["etag"]
    assert (await client.get(HERE, headers={"If-None-Match": tag})).status_code == 304
    await catalog.add(workshop.item(1))
    assert (await client.get(HERE, headers={"If-None-Match": tag})).status_code == 200


async def test_without_an_item_there_is_no_file(client) -> None:
    for path in (HERE, "/collections/another/items.parquet"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
