"""stac-api-validator finds no fault with any class that the service declares, and pystac-client uses them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any

import pystac_client
import pytest
import requests
from pystac.validation.local_validator import get_local_schema_cache
from stac_api_validator import validations

from service.routes.landing import CONFORMS_TO
from tests.conformance.stac_schemas import SCHEMAS

COLLECTION = "ogive-velocity"
CLASSES = {
    "core": "https://api.stacspec.org/v1.0.0/core",
    "collections": "https://api.stacspec.org/v1.0.0/collections",
    "features": "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "features#filter": "https://api.stacspec.org/v1.0.0/ogcapi-features#filter",
    "item-search": "https://api.stacspec.org/v1.0.0/item-search",
    "item-search#sort": "https://api.stacspec.org/v1.0.0/item-search#sort",
    "item-search#filter": "https://api.stacspec.org/v1.0.0/item-search#filter",
    "item-search#fields": "https://api.stacspec.org/v1.0.0/item-search#fields",
}
"""What the validator can check, by its name for it"""
_COMPARED = ("field", "eq_value", "neq_value", "lt_value", "lte_value", "gt_value", "gte_value")


class Bundled:
    """A schema from the copies that come with pystac, as an answer of `requests`."""

    status_code = 200
    headers: dict[str, str] = {"content-type": "application/json"}  # noqa: RUF012

    def __init__(self, schema: dict[str, Any]) -> None:
        self.text = json.dumps(schema)

    def json(self) -> dict[str, Any]:
        return json.loads(self.text)

    def raise_for_status(self) -> None:
        """It was found."""


@pytest.fixture(scope="module")
def items(workshop) -> list[dict[str, Any]]:
    """Items with a moment of their own, since the validator compares moments, and one without."""
    made = [workshop.item(number) for number in range(12)]
    for item in made:
        item["properties"]["datetime"] = item["properties"]["start_datetime"]
    return made


@pytest.fixture(scope="module")
def base(tmp_path_factory, serving, items) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("stac"), items) as address:
        yield address


def test_the_validator_finds_nothing(base, items, monkeypatch) -> None:
    plain = requests.get

    def get(url: str, *args: Any, **options: Any) -> Any:
        if url.startswith(base):
            return plain(url, *args, **options)
        return Bundled(SCHEMAS[url.split("#")[0]])

    monkeypatch.setattr(requests, "get", get)
    monkeypatch.setattr(
        "pystac.validation.stac_validator.get_local_schema_cache", lambda: get_local_schema_cache() | SCHEMAS
    )
    declared = [name for name, uri in CLASSES.items() if uri in CONFORMS_TO]
    assert {"core", "collections", "features", "item-search", "item-search#sort"} < set(declared)
    _, errors = validations.validate_api(
        root_url=f"{base}/",
        ccs_to_validate=declared,
        collection=COLLECTION,
        geometry=json.dumps(items[3]["geometry"]),
        auth_bearer_token=None,
        auth_query_parameter=None,
        fields_nested_property="properties.gsd",
        validate_pagination=True,
        query_config=None,
        transaction_collection=None,
        headers={},
        open_assets_urls=False,
    )
    assert [str(error) for error in errors] == []


def found(base: str, **search: Any) -> list[dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = pystac_client.Client.open(base)
        return [item.to_dict() for item in client.search(collections=[COLLECTION], **search).items()]


def test_pystac_client_sorts_over_pages(base, items) -> None:
    for method in ("GET", "POST"):
        up = found(base, sortby="+properties.start_datetime", limit=5, method=method)
        moments = [item["properties"]["start_datetime"] for item in up]
        assert moments == sorted(item["properties"]["start_datetime"] for item in items)
        down = found(base, sortby=[{"field": "id", "direction": "desc"}], limit=5, method=method)
        assert [item["id"] for item in down] == sorted((item["id"] for item in items), reverse=True)


@pytest.mark.parametrize(
    ("language", "condition"),
    [
        ("cql2-text", "gsd = 120 AND start_datetime >= TIMESTAMP('2005-01-01T00:00:00Z')"),
        (
            "cql2-json",
            {"op": ">=", "args": [{"property": "start_datetime"}, {"timestamp": "2005-01-01T00:00:00Z"}]},
        ),
    ],
)
def test_pystac_client_filters_over_pages(base, items, language, condition) -> None:
    wanted = [i["id"] for i in items if i["properties"]["start_datetime"] >= "2005-01-01"]
    got = found(base, filter=condition, filter_lang=language, limit=3)
    assert [item["id"] for item in got] == wanted[::-1]
    assert 2 < len(wanted) < len(items)
