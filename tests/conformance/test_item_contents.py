"""What an item says of its product, and of where it lies."""

import json
from pathlib import Path

import numpy as np
import pystac
import pytest
import xarray as xr

from tests.conformance.items import GRIDS, REQUEST, make_item, make_spec
from tests.conformance.stac_schemas import breaches
from workers.plan import ShardReceipt
from workers.products import documents, keys, zarr_layout
from workers.products.item import save_item
from workers.products.provenance import Source
from workers.products.store import ProductStore


def test_item_says_where_and_when():
    item = make_item(ProductStore("/nowhere"), make_spec(GRIDS["utm"]))
    properties = item["properties"]
    assert (properties["start_datetime"], properties["end_datetime"]) == (
        "2014-12-06T00:00:00Z",
        "2015-06-04T00:00:00Z",
    )
    assert properties["datetime"] is None
    assert properties["created"] == properties["processing:datetime"] == "2026-11-20T10:04:11Z"
    assert properties["proj:transform"] == [120.0, 0.0, 602992.5, 0.0, -120.0, 6742027.5]
    assert properties["cube:dimensions"]["x"]["extent"] == [603052.5, 608332.5]
    assert properties["cube:dimensions"]["y"]["extent"] == [6738487.5, 6741967.5]
    assert properties["cube:variables"]["vvc"]["dimensions"] == ["y", "x"]
    assert properties["cube:variables"]["vx"]["nodata"] == "nan"
    assert "nodata" not in properties["cube:variables"]["flag"]
    assert properties["ogive:pixels"] == {"requested": 1350}
    links = [(link["rel"], link.get("type"), link["href"]) for link in item["links"]]
    assert ("derived_from", "application/vnd.zarr; version=2") in {link[:2] for link in links}
    assert ("derived_from", "application/geo+json") in {link[:2] for link in links}
    assert ("cite-as", None, "https://doi.org/10.5194/tc-19-4555-2025") in links
    assert ("processing-execution", "application/json", "https://example.org/jobs/1") in links


def test_source_without_an_item_has_one_link():
    spec = make_spec(GRIDS["utm"])
    item = make_item(
        ProductStore("/nowhere"), spec, sources=(Source("demo", "file:///demo.nc", "application/netcdf"),)
    )
    derived = [link for link in item["links"] if link["rel"] == "derived_from"]
    assert [(link["type"], link["href"]) for link in derived] == [("application/netcdf", "file:///demo.nc")]


@pytest.mark.parametrize(
    ("options", "environment", "scheme"),
    [
        (
            {"client_kwargs": {"region_name": "us-west-2"}, "requester_pays": True},
            {},
            {
                "type": "aws-s3",
                "platform": "https://{bucket}.s3.{region}.amazonaws.com",
                "bucket": "bucket",
                "region": "us-west-2",
                "requester_pays": True,
            },
        ),
        (
            None,
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000/", "AWS_DEFAULT_REGION": "here"},
            {
                "type": "custom-s3",
                "platform": "http://127.0.0.1:9000/{bucket}",
                "bucket": "bucket",
                "region": "here",
                "requester_pays": False,
            },
        ),
    ],
)
def test_item_on_s3_names_the_bucket(monkeypatch, options, environment, scheme):
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spec = make_spec(GRIDS["utm"])
    item = make_item(ProductStore("s3://bucket/prefix", options), spec)
    assert item["properties"]["storage:schemes"] == {"s3": scheme}
    assert item["assets"]["zarr"]["alternate"]["s3"]["href"] == f"s3://bucket/prefix/{keys.group(spec.id)}"
    assert all(asset["storage:refs"] == ["s3"] for asset in item["assets"].values())
    assert breaches(item) == []


def test_local_item_says_nothing_of_object_stores():
    item = make_item(ProductStore("/nowhere"), make_spec(GRIDS["utm"]))
    assert not any("storage" in name or "alternate" in name for name in item["stac_extensions"])
    assert "storage:" not in json.dumps(item)


def test_static_folder_opens_with_pystac_and_xarray_wherever_it_lies(tmp_path):
    store, spec = ProductStore(str(tmp_path / "made")), make_spec(GRIDS["utm"])
    documents.write(store, keys.request(spec.id), REQUEST)
    zarr_layout.create(store, spec)
    receipts = [
        ShardReceipt(
            shard=shard,
            objects=zarr_layout.write_shard(
                store,
                spec,
                0,
                column,
                {
                    "vx": np.full((len(spec.windows), 30, width), 7.0, "float32"),
                    "flag": np.zeros((len(spec.windows), 30, width), "uint8"),
                    "vvc": np.ones((30, width), "float32"),
                },
            ),
            pixels={},
            blocks={},
        )
        for shard, (column, width) in enumerate([(0, 40), (40, 5)])
    ]
    save_item(store, make_item(store, spec, zarr_layout.finalise(store, spec, receipts)))
    moved = (tmp_path / "made").rename(tmp_path / "moved")

    item = pystac.Item.from_file(str(moved / keys.item(spec.id)))
    product = xr.open_zarr(item.assets["zarr"].get_absolute_href(), consolidated=True)
    assert (product.vx == 7.0).all()
    for name in ("manifest", "request"):
        asset = item.assets[name]
        size, sha256 = documents.digest(Path(asset.get_absolute_href()).read_bytes())
        assert asset.extra_fields["file:size"] == size
        assert asset.extra_fields["file:checksum"] == f"1220{sha256}"
