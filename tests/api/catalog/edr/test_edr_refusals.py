"""EDR on finished products: what there is, and refusals that help."""

from __future__ import annotations

import pytest
from edr_pydantic.data_queries import DataQueries
from edr_pydantic.parameter import Parameters

from tests.api.catalog.edr.asking import HERE, NUMBER, place_of, wkt
from workers.products import keys

pytestmark = pytest.mark.anyio


async def test_the_collection_tells_its_queries(client, product) -> None:
    document = (await client.get(HERE)).json()
    DataQueries.model_validate(document["data_queries"])
    Parameters.model_validate(document["parameter_names"])
    assert set(document["data_queries"]) == {"position", "area", "cube", "trajectory"}
    assert document["parameter_names"]["vx"]["unit"]["label"] == "m/yr"
    for query in document["data_queries"].values():
        assert (await client.get(query["link"]["href"])).status_code == 400  # it is there, and wants a place


@pytest.mark.parametrize(
    ("path", "query", "loc", "says"),
    [
        ("position", {"coords": "POINT(1"}, "coords", "no WKT"),
        ("position", {"coords": "POINT EMPTY"}, "coords", "0 places"),
        ("position", {"coords": "LINESTRING(1 2,3 4)"}, "coords", "POINT or MULTIPOINT"),
        ("position", {"coords": "POINT M(1 2 3)"}, "coords", "datetime"),
        ("position", {"coords": "POINT(200 2)"}, "coords", "longitude first"),
        ("position", {"coords": "POINT(nan 2)"}, "coords", "finite"),
        ("position", {"coords": "POINT(1 2)", "crs": "EPSG:4326"}, "crs", "EPSG:32607"),
        ("position", {"coords": "POINT(1e30 2)", "crs": "EPSG:32607"}, "coords", "EPSG:32607"),
        ("position", {"coords": "POINT(1 2)", "datetime": "yesterday"}, "datetime", "RFC 3339"),
        ("position", {"coords": "POINT(1 2)", "f": "png"}, "f", "covjson"),
        ("position", {}, "coords", "missing"),
        ("area", {"coords": "POLYGON((0 0,1 1,1 0,0 1,0 0))"}, "coords", "not valid"),
        ("cube", {"bbox": "1,2,3"}, "bbox", "west,south,east,north"),
        ("cube", {"bbox": "1,4,3,2"}, "bbox", "reversed"),
    ],
)
async def test_a_malformed_query_is_a_problem(client, path, query, loc, says) -> None:
    answer = await client.get(f"{HERE}/{path}", params=query)
    assert answer.status_code == 400, answer.text
    [error] = answer.json()["errors"]
    assert error["loc"] == f"query.{loc}"
    assert says in error["msg"]


async def test_an_unknown_variable_names_those_there_are(client, product) -> None:
    asked = {"coords": wkt("POINT", place_of(product, 1, 1)), "parameter-name": "vx,speed"}
    answer = await client.get(f"{HERE}/position", params=asked)
    assert answer.status_code == 400
    assert "vvc, vx" in answer.json()["errors"][0]["msg"]


async def test_a_place_without_a_product_says_how_to_make_one(client, product) -> None:
    answer = await client.get(f"{HERE}/position", params={"coords": "POINT(0 0)"})
    assert answer.status_code == 404
    assert "/processes/velocity-cube/execution" in answer.json()["detail"]
    assert (await client.get("/collections/x/position", params={"coords": "POINT(0 0)"})).status_code == 404


async def test_a_lost_shard_is_an_error(client, catalog, workshop) -> None:
    item = workshop.publish(NUMBER + 1)
    await catalog.add(item)
    workshop.store.delete(f"{keys.group(item['id'])}/vx/c/0/0/0")
    answer = await client.get(f"{HERE}/position", params={"coords": wkt("POINT", place_of(item, 1, 1))})
    assert answer.status_code == 503
    assert "is lost" in answer.json()["detail"]
