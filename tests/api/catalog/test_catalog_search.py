"""What the catalog selects: names, times, places, and pages of them."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from service.catalog.search import Search
from service.catalog.store import Catalog
from service.errors import NotFound
from workers.errors import InvalidRequest

pytestmark = pytest.mark.anyio

CHUKOTKA = {"epsg": 32601, "left": 369_000.0, "top": 7_500_000.0}
"""Where the antimeridian cuts a grid of UTM zone 1 in two"""


async def filled(catalog: Catalog, *items: dict[str, Any]) -> Catalog:
    for item in items:
        await catalog.add(item)
    return catalog


async def ids(catalog: Catalog, **search: Any) -> list[str]:
    page = await catalog.search(Search(**search))
    assert page.matched == len(page.items) or page.token is not None
    return [item["id"] for item in page.items]


async def test_everything_is_found_newest_first(catalog, workshop) -> None:
    items = [workshop.item(number) for number in range(3)]
    await filled(catalog, *items)
    assert await ids(catalog) == [item["id"] for item in reversed(items)]
    page = await catalog.search(Search())
    assert page.items == items[::-1]
    assert (page.matched, page.token) == (3, None)


async def test_an_item_added_twice_is_one_item_with_the_later_document(catalog, workshop) -> None:
    first, second = workshop.item(0), workshop.item(1)
    await filled(catalog, first, second, first | {"properties": first["properties"] | {"title": "Later"}})
    assert await ids(catalog) == [second["id"], first["id"]]
    assert (await catalog.get("ogive-velocity", first["id"]))["properties"]["title"] == "Later"


async def test_names_select(catalog, workshop) -> None:
    items = [workshop.item(number) for number in range(3)]
    await filled(catalog, *items)
    assert await ids(catalog, ids=[items[1]["id"], "another"]) == [items[1]["id"]]
    assert await ids(catalog, collections=["ogive-velocity", "another"], limit=1) == [items[2]["id"]]
    assert await ids(catalog, collections=["another"]) == []


@pytest.mark.parametrize(
    ("datetime", "found"),
    [
        ("2001-01-10T00:00:00Z", True),
        ("2001-01-10T12:00:00+05:00", True),
        ("2001-03-01t00:00:00.123456789z/..", True),
        ("../2001-01-05T00:00:00Z", True),
        ("/2001-01-05T00:00:00Z", True),
        ("2000-01-01T00:00:00Z/2001-01-08T23:59:59Z", True),
        ("2000-01-01T00:00:00Z/2003-01-01T00:00:00Z", True),
        ("2001-06-01T00:00:00Z", False),
        ("2001-06-01T00:00:00Z/", False),
        ("../2000-12-01T00:00:00Z", False),
    ],
)
async def test_a_period_selects_what_it_meets(catalog, workshop, datetime: str, found: bool) -> None:
    item = workshop.item(1)  # of 2001; windows of 30 days from the end of December to the end of March
    await filled(catalog, item)
    assert (await ids(catalog, datetime=datetime) == [item["id"]]) is found


async def test_a_bbox_selects_by_the_outline_not_by_its_box(catalog, workshop) -> None:
    item = workshop.item(0)
    await filled(catalog, item)
    west, south, east, north = item["bbox"]
    outline = shapely.geometry.shape(item["geometry"])
    corner = [west, south, west + 1e-4, south + 1e-4]
    assert not outline.intersects(shapely.box(*corner))  # the grid is turned against the meridians
    assert await ids(catalog, bbox=corner) == []
    middle = outline.centroid
    assert await ids(catalog, bbox=[middle.x, middle.y, middle.x, middle.y]) == [item["id"]]
    assert await ids(catalog, bbox=[west, south, 0, east, north, 5000]) == [item["id"]]
    assert await ids(catalog, bbox=[east + 0.01, south, east + 1, north]) == []
    assert await ids(catalog, bbox=[west, north + 0.01, east, north + 1]) == []


async def test_boxes_and_items_may_cross_the_antimeridian(catalog, workshop) -> None:
    crossing = workshop.item(0, **CHUKOTKA)
    assert crossing["bbox"][0] > crossing["bbox"][2]
    assert crossing["geometry"]["type"] == "MultiPolygon"
    elsewhere = workshop.item(1)
    await filled(catalog, crossing, elsewhere)
    west, south, east, north = crossing["bbox"]
    assert await ids(catalog, bbox=[west, south, east, north]) == [crossing["id"]]
    assert await ids(catalog, bbox=[179, south, -179, north]) == [crossing["id"]]
    assert await ids(catalog, bbox=[west, south, 180, north]) == [crossing["id"]]
    assert await ids(catalog, bbox=[-180, south, east, north]) == [crossing["id"]]
    assert await ids(catalog, bbox=[-100, south, 100, north]) == []
    assert await ids(catalog, bbox=[170, -90, -100, 90]) == [elsewhere["id"], crossing["id"]]


async def test_any_geometry_selects_what_it_meets(catalog, workshop) -> None:
    first, second = workshop.item(0), workshop.item(5)
    await filled(catalog, first, second)
    here, there = (shapely.geometry.shape(item["geometry"]) for item in (first, second))
    a, b = here.centroid, there.centroid
    asked = {
        "Point": (a, [first]),
        "MultiPoint": (shapely.MultiPoint([a, b]), [second, first]),
        "LineString": (shapely.LineString([a, b]), [second, first]),
        "Polygon": (b.buffer(0.01), [second]),
        "MultiPolygon": (shapely.MultiPolygon([a.buffer(0.01), shapely.box(0, 0, 1, 1)]), [first]),
        "GeometryCollection": (shapely.GeometryCollection([shapely.box(0, 0, 1, 1), b]), [second]),
    }
    for kind, (shape, found) in asked.items():
        geometry = shapely.geometry.mapping(shape)
        assert geometry["type"] == kind
        assert await ids(catalog, intersects=geometry) == [item["id"] for item in found], kind
    ring = here.buffer(0.1).difference(here.buffer(0.05))
    assert await ids(catalog, intersects=shapely.geometry.mapping(ring)) == []


async def test_everything_given_must_hold_at_once(catalog, workshop) -> None:
    items = [workshop.item(number) for number in range(3)]
    await filled(catalog, *items)
    search = {"bbox": [-180, -90, 180, 90], "datetime": "2001-01-01T00:00:00Z/2002-12-01T00:00:00Z"}
    assert await ids(catalog, **search) == [items[2]["id"], items[1]["id"]]
    assert await ids(catalog, **search, ids=[items[0]["id"], items[1]["id"]]) == [items[1]["id"]]


@pytest.mark.parametrize("where", [{}, {"bbox": [-180, -90, 180, 90]}], ids=["all", "within"])
async def test_pages_neither_skip_nor_repeat_while_items_arrive(catalog, workshop, where) -> None:
    items = [workshop.item(number) for number in range(7)]
    await filled(catalog, *items[:5])
    seen, token = [], None
    for arriving in items[5:]:
        page = await catalog.search(Search(limit=2, token=token, **where))
        seen += page.items
        token = page.token
        await catalog.add(arriving)
    page = await catalog.search(Search(limit=2, token=token, **where))
    assert seen + page.items == items[4::-1]
    assert (page.matched, page.token) == (7, None)


async def test_extents_follow_the_items(catalog, workshop) -> None:
    empty = await catalog.collection("ogive-velocity")
    assert empty["extent"]["spatial"]["bbox"] == [[-180.0, -90.0, 180.0, 90.0]]
    items = [workshop.item(number) for number in (1, 2)]
    await filled(catalog, *items)
    [full] = await catalog.collections()
    edges = [[item["bbox"][edge] for item in items] for edge in range(4)]
    box = [min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3])]
    times = [items[0]["properties"]["start_datetime"], items[1]["properties"]["end_datetime"]]
    assert full["extent"] == {"spatial": {"bbox": [box]}, "temporal": {"interval": [times]}}
    await catalog.add(workshop.item(0, **CHUKOTKA))
    [[west, _, east, _]] = (await catalog.collection("ogive-velocity"))["extent"]["spatial"]["bbox"]
    assert (west, east) == (-180.0, 180.0)


async def test_what_is_not_there_is_named(catalog, workshop) -> None:
    item = workshop.item(0)
    await filled(catalog, item)
    with pytest.raises(NotFound, match="no collection 'another'; there is ogive-velocity"):
        await catalog.get("another", item["id"])
    with pytest.raises(NotFound, match="no item 'another'"):
        await catalog.get("ogive-velocity", "another")
    with pytest.raises(ValueError, match="no collection here"):
        await catalog.add(item | {"collection": "another"})
    assert await catalog.holds(item["id"])
    assert not await catalog.holds("another")


@pytest.mark.parametrize("token", ["", "x", "YmVmb3JlOi0x", "YmVmb3JlOjk5OTk5OTk5OTk5OQ", "é", "0" * 400])
async def test_a_foreign_token_is_refused(catalog, token: str) -> None:
    with pytest.raises(InvalidRequest, match="take it from the next link") as refused:
        await catalog.search(Search(token=token))
    assert refused.value.where == "token"
