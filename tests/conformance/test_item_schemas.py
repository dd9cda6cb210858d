"""Items and collections against STAC 1.1 and every extension they declare, without a network."""

import jsonschema
import pystac
import pytest

from tests.conformance.items import GRIDS, PUBLICATIONS, VARIABLES, make_item, make_spec
from tests.conformance.stac_schemas import SCHEMAS, STAC, breaches
from workers.products import documents, keys, zarr_layout
from workers.products.collection import build_collection
from workers.products.store import ProductStore
from workers.velocity.stac import COLLECTION


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
