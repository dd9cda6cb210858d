"""Items and collections against STAC 1.1 and every extension they declare, without a network."""

import datetime as dt
import json
from pathlib import Path

import jsonschema
import numpy as np
import pystac
import pytest
import xarray as xr

from tests.conformance.stac_schemas import SCHEMAS, STAC, breaches
from workers.calendar import Step, Windows, day_of
from workers.cubes.grid import Grid
from workers.plan import ShardReceipt
from workers.products import documents, keys, zarr_layout
from workers.products.collection import build_collection
from workers.products.item import build_item, save_item
from workers.products.manifest import Manifest
from workers.products.provenance import Provenance, Publication, Source
from workers.products.spec import ProductSpec, Variable
from workers.products.store import ProductStore
from workers.velocity.stac import COLLECTION

VARIABLES = (
    Variable(
        "vx",
        ("time", "y", "x"),
        "float32",
        "data",
        "ice velocity along the grid x axis",
        "m/yr",
        "m year-1",
        "land_ice_surface_x_velocity",
    ),
    Variable("flag", ("time", "y", "x"), "uint8", "auxiliary", "bit field", "1", "1"),
    Variable("vvc", ("y", "x"), "float32", "auxiliary", "coherence", "1", "1"),
)
GRIDS = {
    "utm": Grid(32607, 602992.5, 6742027.5, 120.0, 30, 45),
    "antimeridian": Grid(32601, 330000.0, 7000000.0, 120.0, 100, 400),
    "pole": Grid(3031, -30000.0, 50000.0, 120.0, 700, 600),
}
PUBLICATIONS = (
    Publication("10.5194/tc-19-4555-2025", "Charrier et al. (2025), The Cryosphere 19, 4555-4583"),
)
REQUEST = {"process": "velocity-cube", "inputs": {"step": "P30D"}}


def make_spec(grid):
    return ProductSpec(
        id=f"ogive_EPSG{grid.epsg}_v2_1f0c",
        collection="ogive-velocity",
        title="Ice velocity",
        summary="Evenly sampled.",
        grid=grid,
        windows=Windows.select(Step.parse("P30D"), day_of(dt.date(2015, 1, 1)), day_of(dt.date(2015, 6, 1))),
        variables=VARIABLES,
        version="2",
        request_sha256="1f0c" * 16,
        attributes={},
    )


def make_item(store, spec, manifest=None, sources=None):
    cube = "https://example.org/ITS_LIVE_vel_EPSG32607_G0120_X650000_Y6750000"
    provenance = Provenance(
        created=dt.datetime(2026, 11, 20, 11, 4, 11, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        facility="localhost",
        version="0.1.0",
        software={"ogive": "0.1.0", "numpy": np.__version__},
        lineage="pairs -> filter -> inversion",
        expression={"format": "ogcapi-processes-execute", "expression": REQUEST},
        sources=(Source("ITS_LIVE", f"{cube}.zarr", "application/vnd.zarr; version=2", f"{cube}.json"),)
        if sources is None
        else sources,
        publications=PUBLICATIONS,
    )
    return build_item(
        store,
        spec,
        manifest=manifest or Manifest(spec.id, {"zarr.json": (3, "ab" * 32)}),
        request=REQUEST,
        provenance=provenance,
        properties={"ogive:pixels": {"requested": 1350}},
        links=[
            {"rel": "processing-execution", "type": "application/json", "href": "https://example.org/jobs/1"}
        ],
    )


@pytest.mark.parametrize("url", ["/nowhere", "s3://bucket/prefix"])
@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_item_is_valid(grid, url):
    assert breaches(make_item(ProductStore(url), make_spec(grid))) == []


def test_collection_is_valid():
    collection = build_collection(
        "ogive-velocity",
        title="Glacier velocity",
        description="Evenly sampled.",
        keywords=["ice velocity"],
        providers=[
            {"name": "localhost", "roles": ["processor", "host"], "processing:level": "L4"},
            {"name": "NASA MEaSUREs ITS_LIVE", "roles": ["producer"]},
        ],
        variables=VARIABLES,
        publications=PUBLICATIONS,
        start="1984-01-01T00:00:00Z",
        summaries={"processing:level": ["L4"]},
        links=[{"rel": "derived_from", "type": "application/json", "href": "https://example.org/its-live"}],
    )
    assert breaches(collection) == []
    assert {link["rel"] for link in collection["links"]} == {"derived_from", "cite-as", "license"}
    assert pystac.Collection.from_dict(collection).id == "ogive-velocity"


def test_velocity_collection_is_valid():
    assert breaches(COLLECTION) == []


def test_the_check_can_fail():
    item = make_item(ProductStore("/nowhere"), make_spec(GRIDS["utm"]))
    item["assets"]["manifest"]["file:checksum"] = "sha256:1f"
    item["properties"]["processing:software"] = {"ogive": 1}
    item["properties"]["cube:dimensions"]["x"].pop("extent")
    del item["geometry"]
    broken = {problem.partition(": ")[0].removesuffix("/schema.json") for problem in breaches(item)}
    names = {address.removeprefix("https://stac-extensions.github.io/") for address in broken}
    assert {"file/v2.1.0", "processing/v1.2.0", "datacube/v2.3.0"} < names
    assert any(name.startswith(STAC) for name in names)


def test_group_follows_the_zarr_conventions(tmp_path):
    store, spec = ProductStore(str(tmp_path)), make_spec(GRIDS["utm"])
    zarr_layout.create(store, spec)
    group = documents.read(store, f"{keys.group(spec.id)}/zarr.json")
    for convention in group["attributes"]["zarr_conventions"]:
        jsonschema.Draft7Validator(SCHEMAS[convention["schema_url"]]).validate(group)
    spatial = SCHEMAS[group["attributes"]["zarr_conventions"][1]["schema_url"]]
    jsonschema.Draft7Validator(
        {**spatial["$defs"]["conventionMetadata"], "$defs": spatial["$defs"]}
    ).validate(group["attributes"]["zarr_conventions"][1])


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
