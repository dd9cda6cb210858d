"""Order, filters and limits of a search: what SQL and CQL2 select, page by page."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
import shapely
from pydantic import ValidationError
from shapely.geometry import shape

from service.catalog import pages as room
from service.catalog.facts import tell_all
from service.catalog.filtering import Filter
from service.catalog.ordering import SORTABLES, SortKey
from service.catalog.queryables import queryables
from service.catalog.search import Search
from service.catalog.store import Catalog
from workers.errors import InvalidRequest

pytestmark = pytest.mark.anyio

GLOBE = [-180, -90, 180, 90]


@pytest.fixture
async def filled(catalog: Catalog, workshop) -> list[dict[str, Any]]:
    """Nine items, of which three each have a title in common."""
    items = []
    for number in (4, 0, 8, 2, 6, 1, 5, 3, 7):
        item = workshop.item(number)
        item["properties"]["title"] = f"Title {number % 3}"
        item["properties"]["ogive:vvc"] = {"median": number / 10}
        await catalog.add(item)
        items.append(item)
    return items


SEARCHES = {"all": {}, "place": {"bbox": GLOBE}, "filter": {"filter": "gsd = 120"}}
FORGED = ("", "x", "W10", "bnVsbA", "W1tdLFtdLDBd", "W1tdLFtdLHRydWVd", "W1tdLFsxXSwxXQ", "é")


async def pages(catalog: Catalog, **search: Any) -> list[list[str]]:
    """Ids page by page."""
    found, token = [], None
    while True:
        page = await catalog.search(Search(**search, token=token))
        found.append([item["id"] for item in page.items])
        if (token := page.token) is None:
            return found


@pytest.mark.parametrize(
    "more", [{}, {"bbox": GLOBE}, {"filter": "gsd = 120"}], ids=["all", "place", "filter"]
)
@pytest.mark.parametrize("name", SORTABLES)
async def test_every_field_sorts_over_pages_whatever_selects(catalog, filled, name, more) -> None:
    def value(item: dict[str, Any]) -> Any:
        known = {"id": item["id"], "collection": item["collection"]}
        own = "start_datetime" if name == "datetime" else name
        return known[name] if name in known else item["properties"][own]

    newest_first = filled[::-1]
    for direction, backwards in (("asc", False), ("desc", True)):
        wanted = sorted(newest_first, key=value, reverse=backwards)
        if backwards:  # equal items stand newest first in either direction
            wanted = [
                item for v in dict.fromkeys(map(value, wanted)) for item in newest_first if value(item) == v
            ]
        found = await pages(catalog, sortby=[{"field": name, "direction": direction}], limit=4, **more)
        assert [*chain(*found)] == [item["id"] for item in wanted]
        assert [len(page) for page in found] == [4, 4, 1]


async def test_items_are_sorted_by_several_fields(catalog, filled) -> None:
    keys = [{"field": "properties.title", "direction": "desc"}, {"field": "start_datetime"}]
    found = chain(*await pages(catalog, sortby=keys, limit=2))
    by_start = sorted(filled, key=lambda item: item["properties"]["start_datetime"])
    wanted = sorted(by_start, key=lambda item: item["properties"]["title"], reverse=True)
    assert [*found] == [item["id"] for item in wanted]


async def test_a_token_is_of_one_order_only(catalog, filled) -> None:
    page = await catalog.search(Search(limit=2, sortby=SortKey.parse("id")))
    for other in ("-id", "title", "id,title"):
        with pytest.raises(InvalidRequest, match="next link"):
            await catalog.search(Search(limit=2, sortby=SortKey.parse(other), token=page.token))
    with pytest.raises(InvalidRequest, match="next link"):
        await catalog.search(Search(limit=2, token=page.token))


@pytest.mark.parametrize(
    "token", ["", "x", "W10", "bnVsbA", "W1tdLFtdLDBd", "W1tdLFtdLHRydWVd", "W1tdLFsxXSwxXQ", "é"]
)
async def test_forged_tokens_are_refused(catalog, filled, token) -> None:
    with pytest.raises(InvalidRequest, match="next link"):
        await catalog.search(Search(token=token))


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        ("gsd = 120", range(9)),
        ("ogive:vvc.median > 0.65", (7, 8)),
        ("title = 'Title 1'", (1, 4, 7)),
        ("title LIKE '%2' OR ogive:vvc.median = 0", (0, 2, 5, 8)),
        ("NOT title = 'Title 1' AND ogive:vvc.median BETWEEN 0.3 AND 0.5", (3, 5)),
        ("start_datetime >= TIMESTAMP('2007-01-01T00:00:00Z')", (8,)),
        ("datetime >= TIMESTAMP('2007-01-01T00:00:00Z')", (8,)),
        ("collection = 'ogive-velocity' AND title IN ('Title 0')", (0, 3, 6)),
        ("collection = 'another'", ()),
        ("eo:cloud_cover < 10", ()),
        ("gsd = 'wide'", ()),
        ({"op": "between", "args": [{"property": "ogive:vvc.median"}, [0.05, 0.25]]}, (1, 2)),
        (True, range(9)),
    ],
)
async def test_filters_select(catalog, filled, workshop, condition, numbers) -> None:
    page = await catalog.search(Search(filter=condition, limit=100, sortby=SortKey.parse("+id")))
    assert {item["id"] for item in page.items} == {workshop.item(number)["id"] for number in numbers}
    assert page.matched == len(numbers)


async def test_a_filter_knows_places(catalog, filled, workshop) -> None:
    west, south, east, north = workshop.item(3)["bbox"]
    x, y = (west + east) / 2, (south + north) / 2
    page = await catalog.search(Search(filter=f"S_INTERSECTS(geometry, POINT({x} {y}))"))
    assert [item["id"] for item in page.items] == [workshop.item(3)["id"]]


def test_facts_tell_all_that_queryables_name() -> None:
    names = queryables("https://ogive.test", "Queryables")["properties"]
    assert tell_all(names)
    assert tell_all({"properties.gsd", "ogive:vvc.p10"})
    assert not tell_all({"gsd", "eo:cloud_cover"})


@pytest.mark.parametrize("more", ["", " AND cube:dimensions.time.step = 'P30D'"], ids=["facts", "documents"])
async def test_a_filter_and_a_place_hold_at_once(catalog, filled, workshop, more) -> None:
    three, six = workshop.item(3)["bbox"], workshop.item(6)["bbox"]
    inside = f"POINT({(six[0] + six[2]) / 2} {(six[1] + six[3]) / 2})"
    condition = f"gsd = 120 AND S_DISJOINT(geometry, {inside}) AND NOT title = 'Title 1'{more}"
    box = [three[0], three[1], six[2], six[3]]
    page = await catalog.search(Search(filter=condition, bbox=box, limit=9))
    meeting = {item["id"] for item in filled if shape(item["geometry"]).intersects(shapely.box(*box))}
    without = {workshop.item(number)["id"] for number in (1, 4, 6, 7)}
    assert {item["id"] for item in page.items} == meeting - without
    assert workshop.item(3)["id"] in meeting - without


async def test_what_is_too_much_to_count_is_not_counted_and_still_found(catalog, filled, monkeypatch) -> None:
    monkeypatch.setattr(room, "_COUNTED", 3)
    monkeypatch.setattr(room, "_AT_ONCE", 2)
    page = await catalog.search(Search(filter="title LIKE '%1'", limit=2))
    assert page.matched is None
    assert len(page.items) == 2
    found = chain(*await pages(catalog, filter="title LIKE '%1'", limit=2))
    assert [*found] == [item["id"] for item in filled[::-1] if item["properties"]["title"] == "Title 1"]


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ({"filter": "gsd ="}, "no CQL2"),
        ({"filter": "gsd + 1"}, "no CQL2"),
        ({"filter": {"op": "=", "args": []}}, "no CQL2"),
        ({"filter": {}}, "no CQL2"),
        ({"filter": "(" * 3000 + "gsd = 1" + ")" * 3000}, "nested deeper"),
        ({"filter": "gsd = 1 AND " * 1000 + "gsd = 1"}, "longer than"),
        ({"filter-lang": "sql"}, "cql2-text"),
        ({"filter-crs": "EPSG:4326"}, "CRS84"),
        ({"sortby": [{"field": "geometry"}]}, "start_datetime"),
        ({"sortby": [{"field": "id"}, {"field": "id", "direction": "desc"}]}, "twice"),
        ({"sortby": [{"field": "id", "direction": "up"}]}, "asc"),
    ],
)
def test_what_is_malformed_says_what_would_work(search, says) -> None:
    with pytest.raises(ValidationError, match=says):
        Search(**search)


def test_sql_learns_only_what_must_hold() -> None:
    def names(condition: str) -> list[str]:
        return [clause.left.name for clause in Filter(condition).necessary]

    assert names("id = 'a' AND title = 'b' AND gsd = 3") == ["id", "title"]
    assert names("id = 'a' OR collection = 'b'") == []
    assert names("NOT id = 'a'") == []


def test_a_plus_that_a_url_made_a_space_is_a_plus() -> None:
    assert SortKey.parse(" id,-properties.created") == SortKey.parse("+id,-created")
