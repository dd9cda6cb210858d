"""What the field's own clients make of a running service: pystac-client, xarray and fsspec over HTTP."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fsspec
import numpy as np
import pystac_client
import pytest
import shapely
import xarray as xr

ITEMS = 25


@dataclass(frozen=True)
class Served:
    """A running service and what it holds."""

    base: str
    items: list[dict[str, Any]]
    """In the order of their arrival; the last is that of a product that can be opened"""
    values: dict[str, np.ndarray]
    """Of that product"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, workshop, serving) -> Iterator[Served]:
    """A real server in a thread, on a free port."""
    items = [*map(workshop.item, range(ITEMS - 1)), workshop.publish(ITEMS - 1)]
    with serving(tmp_path_factory.mktemp("ogive"), items) as base:
        yield Served(base, items, workshop.values(ITEMS - 1))


@pytest.fixture(scope="module")
def client(served: Served) -> pystac_client.Client:
    """The service as pystac-client opens it, without a warning about it."""
    # Recorded, not raised: filters are the process's, and the service runs in another thread of it.
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        opened = pystac_client.Client.open(served.base)
    assert [str(warning.message) for warning in caught if "pystac" in warning.filename] == []
    return opened


def ids(search: pystac_client.ItemSearch) -> list[str]:
    return [item.id for item in search.items()]


def test_the_root_leads_to_the_collection(client, served) -> None:
    assert client.conforms_to("ITEM_SEARCH")
    [collection] = client.get_collections()
    assert collection.id == "ogive-velocity"
    assert [child.id for child in client.get_children()] == ["ogive-velocity"]
    assert sorted(item.id for item in collection.get_items()) == sorted(item["id"] for item in served.items)
    last = served.items[-1]["id"]
    assert client.get_collection("ogive-velocity").get_item(last).id == last
    assert client.get_collection("another") is None


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_search_of_every_kind_finds_the_item(client, served, method: str) -> None:
    last = served.items[-1]
    outline = shapely.geometry.shape(last["geometry"])
    period = (last["properties"]["start_datetime"], last["properties"]["end_datetime"])
    searches = [
        {"bbox": outline.buffer(-0.02).bounds},
        {"datetime": period},
        {"datetime": "2024-01"},
        {"ids": [last["id"]]},
        {"collections": ["ogive-velocity"], "max_items": 1},
        {"intersects": outline.centroid},
        {"intersects": outline.centroid, "datetime": "2020/..", "collections": "ogive-velocity"},
    ]
    for search in searches:
        assert ids(client.search(method=method, **search)) == [last["id"]], search
    assert ids(client.search(method=method, bbox=[0, 0, 1, 1])) == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_are_followed_to_the_end(client, served, method: str) -> None:
    newest_first = [item["id"] for item in reversed(served.items)]
    for limit in (3, 24, 25, 10_000):
        search = client.search(method=method, limit=limit, collections=["ogive-velocity"])
        assert ids(search) == newest_first
        assert search.matched() == ITEMS
    assert ids(client.search(method=method, bbox=[-180, -90, 180, 90], limit=4)) == newest_first


def test_a_malformed_search_tells_the_client_why(client) -> None:
    with pytest.raises(pystac_client.exceptions.APIError, match="exchange the two"):
        ids(client.search(bbox=[1, 5, 2, 4]))


def test_the_asset_of_a_found_item_opens_in_xarray(client, served) -> None:
    [item] = client.search(ids=[served.items[-1]["id"]]).items()
    asset = item.assets["zarr"]
    assert asset.href == f"{served.base}/store/{item.id}.zarr"
    with xr.open_zarr(asset.href, consolidated=True) as product:
        for name, values in served.values.items():
            np.testing.assert_array_equal(product[name].values, values)
        np.testing.assert_array_equal(product.vx[:, 7, 61].values, served.values["vx"][:, 7, 61])
        assert product.vx.attrs["units"] == "m year-1"
    assert item.get_single_link("store").href == asset.href


def test_fsspec_reads_ranges_from_either_end(served) -> None:
    file = fsspec.filesystem("http")
    address = f"{served.base}/store/{served.items[-1]['id']}.zarr/vx/c/0/0/0"
    whole = file.cat_file(address)
    assert file.info(address)["size"] == len(whole)
    assert file.cat_file(address, start=3, end=40) == whole[3:40]
    assert file.cat_file(address, start=-20) == whole[-20:]
    assert not file.exists(f"{served.base}/store/{served.items[-1]['id']}.zarr/vx/c/0/1/0")
