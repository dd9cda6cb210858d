"""A whole product as one file: every value of it, whatever the format."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
import xarray as xr

from workers.products import keys

pytestmark = pytest.mark.anyio

NUMBER = 7


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough here: what it selects is tested elsewhere."""
    return f"sqlite+aiosqlite:///{tmp_path / 'catalog.sqlite'}"


@pytest.fixture
async def item(client, catalog, workshop) -> dict[str, Any]:
    item = workshop.publish(NUMBER)
    await catalog.add(item)
    return item


def address(item: dict[str, Any]) -> str:
    return f"/collections/{item['collection']}/items/{item['id']}/data"


async def test_netcdf_holds_the_product(client, workshop, item) -> None:
    first, second = [await client.get(address(item)) for _ in range(2)]
    assert first.headers["content-type"] == "application/netcdf"
    assert first.headers["accept-ranges"] == "none"
    assert first.content == second.content
    made = xr.open_dataset(io.BytesIO(first.content), engine="h5netcdf", decode_coords="all")
    for name, values in workshop.values(NUMBER).items():
        np.testing.assert_array_equal(made[name].values, values)
    spacing, _, left, _, _, top = item["properties"]["proj:transform"]
    assert made.x[0] == left + spacing / 2
    assert made.y[0] == top - spacing / 2
    assert made.vx.attrs["units"] == "m year-1"


@pytest.mark.parametrize("f", ["csv", "parquet"])
async def test_tables_hold_every_cell_and_window(client, workshop, item, f) -> None:
    content = (await client.get(address(item), params={"f": f})).content
    if f == "csv":
        skipped = content[: content.index(b"time,x,y")].count(b"\n")
        table = pyarrow.csv.read_csv(io.BytesIO(content), pyarrow.csv.ReadOptions(skip_rows=skipped))
    else:
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        assert table.schema.metadata[b"crs"].endswith(b"EPSG/0/32607")
    values = workshop.values(NUMBER)
    steps, height, width = values["vx"].shape
    assert table.num_rows == steps * height * width
    found = table["vx"].to_numpy(zero_copy_only=False).astype("float32").reshape(height, width, steps)
    np.testing.assert_array_equal(np.moveaxis(found, 2, 0), values["vx"])
    assert table["x"].to_numpy()[steps] - table["x"].to_numpy()[0] == 120.0


async def test_a_file_that_the_client_has_is_not_sent_again(client, item) -> None:
    tag = (await client.get(address(item))).headers["etag"]
    again = await client.get(address(item), headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(address(item), params={"f": "csv"}, headers={"If-None-Match": tag})
    assert other.status_code == 200


async def test_a_file_that_would_be_too_large_leads_to_the_store(app, client, item) -> None:
    app.state.settings = app.state.settings.model_copy(update={"limit_file": 1000})
    answer = await client.get(address(item))
    assert answer.status_code == 308
    assert answer.json()["limits"] == {"file": 1000}
    assert (await client.get(answer.headers["location"])).json()["node_type"] == "group"


async def test_what_cannot_be_read_is_told_before_anything_is_sent(client, catalog, workshop) -> None:
    item = workshop.publish(NUMBER + 2)
    await catalog.add(item)
    workshop.store.delete(f"{keys.group(item['id'])}/vx/c/0/0/0")
    answer = await client.get(address(item), params={"f": "csv"})
    assert answer.status_code == 503
    assert (await client.get(f"{address(item)}x")).status_code == 404
