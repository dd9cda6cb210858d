"""Addresses of files in served items, for products in a folder and on S3."""

from __future__ import annotations

import pytest
from stac_pydantic import Item

from service.catalog.links import catalog_links, served_collection, served_item
from workers.products.store import ProductStore

BASE = "https://ogive.example"


@pytest.fixture
def on_s3(workshop, monkeypatch: pytest.MonkeyPatch) -> tuple[dict, ProductStore]:
    """An item of a product in a bucket, which is not reached."""
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    store = ProductStore("s3://bucket/prefix")
    return type(workshop)(store).item(0), store


def test_on_s3_files_keep_their_own_address_and_name_this_service_as_another(on_s3) -> None:
    item, store = on_s3
    served = served_item(item, BASE, store)
    Item.model_validate(served)
    folder = "s3://bucket/prefix/v1/EPSG32607"
    for name, ending in (("zarr", ".zarr"), ("manifest", ".manifest.json"), ("request", ".request.json")):
        asset = served["assets"][name]
        assert asset["href"] == f"{folder}/{item['id']}{ending}"
        assert asset["alternate:name"] == "S3"
        http = {"href": f"{BASE}/store/{item['id']}{ending}", "alternate:name": "HTTP"}
        assert asset["alternate"] == {"http": http}
        assert asset["storage:refs"] == item["assets"][name]["storage:refs"]
    [store_link] = [link for link in served["links"] if link["rel"] == "store"]
    assert store_link["href"] == f"{folder}/{item['id']}.zarr"
    alternates = [address for address in served["stac_extensions"] if "alternate-assets" in address]
    assert len(alternates) == 1


def test_an_alternate_that_leads_elsewhere_is_kept(on_s3) -> None:
    item, store = on_s3
    mirror = {"href": "https://mirror.example/x.zarr"}
    zarr = item["assets"]["zarr"] | {"alternate": {"mirror": mirror}}
    served = served_item(item | {"assets": {"zarr": zarr}}, BASE, store)
    assert served["assets"]["zarr"]["alternate"]["mirror"] == mirror
    assert set(served["assets"]["zarr"]["alternate"]) == {"mirror", "http"}


def test_in_a_folder_this_service_is_the_only_address(workshop) -> None:
    served = served_item(workshop.item(0), BASE, workshop.store)
    assert all(asset["href"].startswith(f"{BASE}/store/") for asset in served["assets"].values())
    assert all("alternate" not in asset for asset in served["assets"].values())
    assert not any("alternate-assets" in address for address in served["stac_extensions"])


def test_serving_leaves_the_stored_document_as_it_is(workshop) -> None:
    item = workshop.item(0)
    before = repr(item)
    served_item(item, BASE, workshop.store)
    assert repr(item) == before


def test_assets_elsewhere_keep_their_address(workshop) -> None:
    item = workshop.item(0)
    thumbnail = {"href": "https://images.example/x.png", "type": "image/png"}
    served = served_item(item | {"assets": {"thumbnail": thumbnail}}, BASE, workshop.store)
    assert served["assets"] == {"thumbnail": thumbnail}


def test_names_are_escaped_in_addresses() -> None:
    served = served_collection({"id": "a b", "links": []}, BASE)
    assert [link["href"] for link in served["links"] if link["rel"] == "items"] == [
        f"{BASE}/collections/a%20b/items"
    ]


def test_the_landing_page_gets_data_search_and_children() -> None:
    links = catalog_links(BASE, [{"id": "one", "title": "One"}, {"id": "two"}])
    assert [(link["rel"], link["href"], link.get("method")) for link in links] == [
        ("data", f"{BASE}/collections", None),
        ("search", f"{BASE}/search", "GET"),
        ("search", f"{BASE}/search", "POST"),
        ("http://www.opengis.net/def/rel/ogc/1.0/queryables", f"{BASE}/queryables", None),
        ("child", f"{BASE}/collections/one", None),
        ("child", f"{BASE}/collections/two", None),
    ]
    assert {link["type"] for link in links if link["rel"] == "search"} == {"application/geo+json"}
    assert [link["title"] for link in links if link["rel"] == "child"] == ["One", "two"]
