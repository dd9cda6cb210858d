"""Which parts of an item are told: the rules of the Fields extension, alone and through the routes."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from service.catalog.fields import Fields

ITEM = {
    "id": "a",
    "type": "Feature",
    "stac_version": "1.1.0",
    "collection": "c",
    "geometry": {"type": "Point", "coordinates": [0, 0]},
    "bbox": [0, 0, 0, 0],
    "properties": {"datetime": None, "gsd": 120, "ogive:vvc": {"median": 0.9, "p10": 0.2}},
    "links": [],
    "assets": {},
}
ALWAYS = {"type", "stac_version", "id", "collection"}
USUAL = {*ITEM} - {"properties"} | {"properties.datetime"}


def paths(item):
    """Every member, those of the properties by their path."""
    inner = {f"properties.{name}" for name in item.get("properties", {})}
    return {*item} - {"properties"} | inner


@pytest.mark.parametrize(
    ("text", "document", "told"),
    [
        ("", {}, USUAL),
        ("id", {"include": ["id"]}, ALWAYS),
        ("+geometry", {"include": ["geometry"]}, ALWAYS | {"geometry"}),
        (" properties.gsd", {"include": ["properties.gsd"]}, ALWAYS | {"properties.gsd"}),
        ("-geometry", {"exclude": ["geometry"]}, paths(ITEM) - {"geometry"}),
        ("-properties.gsd", {"exclude": ["properties.gsd"]}, paths(ITEM) - {"properties.gsd"}),
        (
            "-properties,+properties.gsd",
            {"exclude": ["properties"], "include": ["properties.gsd"]},
            ALWAYS | {"properties.gsd"},
        ),
        (
            "properties,-properties.gsd",
            {"include": ["properties"], "exclude": ["properties.gsd"]},
            ALWAYS | {"properties.datetime", "properties.ogive:vvc"},
        ),
        ("bbox,-bbox", {"include": ["bbox"], "exclude": ["bbox"]}, ALWAYS | {"bbox"}),
        ("nothing.of.it", {"include": ["nothing.of.it"]}, ALWAYS),
        ("-id.of.it", {"exclude": ["id.of.it"]}, paths(ITEM)),
    ],
)
def test_what_is_told(text, document, told):
    assert paths(Fields.parse(text).of(ITEM)) == told
    assert paths(Fields(**document).of(ITEM)) == told


def test_an_empty_list_stands_for_the_usual_set():
    for include in ([], None):
        assert paths(Fields(include=include, exclude=["geometry"]).of(ITEM)) == USUAL - {"geometry"}


def test_a_part_of_a_part_is_told_alone():
    told = Fields.parse("properties.ogive:vvc.median").of(ITEM)
    assert told["properties"] == {"ogive:vvc": {"median": 0.9}}


def test_the_item_stays_as_it_is():
    before = json.dumps(ITEM)
    Fields.parse("-properties.gsd,-geometry,-links").of(ITEM)
    assert json.dumps(ITEM) == before


def test_what_is_no_path_is_refused():
    for wrong in ({"include": [""]}, {"exclude": [3]}, {"only": ["id"]}, {"include": "id"}):
        with pytest.raises(ValidationError):
            Fields(**wrong)


@pytest.mark.anyio
async def test_get_and_post_tell_the_same_over_pages(client, catalog, workshop):
    for number in range(2):
        await catalog.add(workshop.item(number))
    asked = (await client.get("/search", params={"fields": "id,-links", "limit": 1})).json()
    body = {"fields": {"include": ["id"], "exclude": ["links"]}, "limit": 1}
    posted = (await client.post("/search", json=body)).json()
    assert asked["features"] == posted["features"]
    here = "/collections/ogive-velocity/items"
    items = (await client.get(here, params={"fields": "id", "limit": 1})).json()
    assert items["features"] == asked["features"]
    (following,) = [link["href"] for link in asked["links"] if link["rel"] == "next"]
    for page in (asked, (await client.get(following)).json()):
        assert [set(feature) for feature in page["features"]] == [ALWAYS]


@pytest.mark.anyio
async def test_null_is_no_choice_of_fields(client):
    answer = await client.post("/search", json={"fields": None})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == "body.fields"
