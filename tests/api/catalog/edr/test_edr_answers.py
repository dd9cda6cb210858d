"""EDR on finished products: other formats, other products, and what is not sent."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
import xarray as xr

from tests.api.catalog.edr.asking import HERE, place_of, wkt

pytestmark = pytest.mark.anyio


async def test_rows_tell_the_same_values(client, product, values) -> None:
    asked = {"coords": wkt("POINT", place_of(product, 12, 33)), "parameter-name": "vx,vvc"}
    answer = await client.get(f"{HERE}/position", params=asked | {"f": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert f'filename="{product["id"]}.csv"' in answer.headers["content-disposition"]
    lines = answer.text.splitlines()
    assert "# vx: m/yr" in lines
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    np.testing.assert_array_equal([np.float32(row["vx"]) for row in rows], values["vx"][:, 12, 33])
    table = (await client.get(f"{HERE}/position", params=asked | {"f": "json"})).json()
    assert list(table["columns"]) == list(rows[0]) == ["time", "x", "y", "vx", "vvc"]
    assert [float(row["vvc"]) for row in rows] == table["columns"]["vvc"]
    empty = {"coords": wkt("POINT", place_of(product, 42, 3)), "f": "csv"}
    assert (await client.get(f"{HERE}/position", params=empty)).text.splitlines()[-1].endswith(",")


@pytest.mark.parametrize("query", ["position", "cube"])
async def test_netcdf_opens_and_is_always_the_same(client, product, values, query) -> None:
    lon, lat = place_of(product, 12, 33)
    place = {"coords": f"POINT({lon} {lat})"} if query == "position" else {"bbox": f"{lon},{lat},{lon},{lat}"}
    asked = place | {"f": "netcdf", "parameter-name": "vx,vvc"}
    first, second = [await client.get(f"{HERE}/{query}", params=asked) for _ in range(2)]
    assert first.content == second.content
    made = xr.open_dataset(io.BytesIO(first.content), engine="h5netcdf")
    np.testing.assert_array_equal(made.vx.values.ravel(), values["vx"][:, 12, 33])
    assert made.vx.attrs["units"] == "m year-1"
    assert made.sizes["time"] == values["vx"].shape[0]
    assert (made.attrs.get("featureType") == "timeSeries") is (query == "position")


async def test_what_the_client_has_is_not_read_again(client, workshop, product) -> None:
    asked = {"coords": wkt("POINT", place_of(product, 12, 33))}
    first = await client.get(f"{HERE}/position", params=asked)
    tag = {"If-None-Match": first.headers["etag"]}
    again = await client.get(f"{HERE}/position", params=asked, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(f"{HERE}/position", params=asked | {"f": "json"}, headers=tag)
    assert other.status_code == 200


async def test_what_is_too_large_leads_to_the_store(app, client, product) -> None:
    app.state.settings = app.state.settings.model_copy(update={"limit_inline": 1000})
    west, south, east, north = product["bbox"]
    box = {"bbox": f"{west},{south},{east},{north}"}
    answer = await client.get(f"{HERE}/cube", params=box)
    assert answer.status_code == 308
    assert answer.json()["limits"] == {"inline": 1000}
    group = (await client.get(answer.headers["location"])).json()
    assert group["node_type"] == "group"
    assert group["attributes"]["id"] == product["id"]


async def test_the_newest_product_that_covers_the_place_answers(client, catalog, workshop, product) -> None:
    place = wkt("POINT", place_of(product, 12, 33))
    newer = product | {"id": product["id"].replace("_v1_", "_v2_")}
    await catalog.add(newer)
    gone = await client.get(f"{HERE}/position", params={"coords": place})
    assert gone.status_code == 503
    assert gone.json()["type"].endswith("/problems/store-unavailable")
    named = {"coords": place, "product": product["id"]}
    assert (await client.get(f"{HERE}/position", params=named)).status_code == 200
    early = {"coords": place, "datetime": "../1990-01-01"}
    refused = await client.get(f"{HERE}/position", params=early)
    assert refused.status_code == 404
    assert "in that time" in refused.json()["detail"]
