"""EDR on finished products: the very values of the product, in every format, and refusals that help."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from covjson_pydantic.coverage import Coverage, CoverageCollection
from edr_pydantic.data_queries import DataQueries
from edr_pydantic.parameter import Parameters
from pyproj import Transformer

from workers.products import keys

pytestmark = pytest.mark.anyio

NUMBER = 7
HERE = "/collections/ogive-velocity"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough here: what it selects is tested elsewhere."""
    return f"sqlite+aiosqlite:///{tmp_path / 'catalog.sqlite'}"


@pytest.fixture
async def product(client, catalog, workshop):
    """A finished product in the catalog: its item, grid and values."""
    item = workshop.publish(NUMBER)
    await catalog.add(item)
    return item


@pytest.fixture
def values(workshop) -> dict[str, np.ndarray]:
    return workshop.values(NUMBER)


def place_of(item: dict[str, Any], row: float, column: float) -> tuple[float, float]:
    """Longitude and latitude of a cell's centre."""
    spacing, _, left, _, _, top = item["properties"]["proj:transform"]
    to_globe = Transformer.from_crs(item["properties"]["proj:code"], 4326, always_xy=True)
    return to_globe.transform(left + (column + 0.5) * spacing, top - (row + 0.5) * spacing)


def wkt(kind: str, *places: tuple[float, float]) -> str:
    inner = ",".join(f"{x!r} {y!r}" for x, y in places)
    return f"{kind}(({inner}))" if kind == "POLYGON" else f"{kind}({inner})"


def array(range_: dict[str, Any]) -> np.ndarray:
    """A range of CoverageJSON as the float32 that it is made from."""
    return np.array(range_["values"], np.float32).reshape(range_["shape"])


async def test_a_position_is_the_series_of_its_cell(client, product, values) -> None:
    lon, lat = place_of(product, 12, 33)
    answer = await client.get(f"{HERE}/position", params={"coords": wkt("POINT", (lon, lat))})
    assert answer.headers["content-type"] == "application/vnd.cov+json"
    document = answer.json()
    Coverage.model_validate(document)
    axes = document["domain"]["axes"]
    assert document["domain"]["domainType"] == "PointSeries"
    assert axes["x"]["values"] == pytest.approx([lon])
    assert axes["t"]["values"][0].endswith("Z")
    assert len(axes["t"]["bounds"]) == 2 * len(axes["t"]["values"])
    assert list(document["ranges"]) == ["vx"]
    np.testing.assert_array_equal(array(document["ranges"]["vx"]).ravel(), values["vx"][:, 12, 33])
    assert document["id"].endswith(f"{HERE}/items/{product['id']}")
    assert document["parameters"]["vx"]["unit"]["label"]["en"] == "m/yr"


async def test_several_positions_and_variables_without_time(client, product, values) -> None:
    places = [place_of(product, row, column) for row, column in ((0, 0), (39, 69), (44, 3))]
    asked = {"coords": wkt("MULTIPOINT", *places), "parameter-name": "vx,vvc"}
    document = (await client.get(f"{HERE}/position", params=asked)).json()
    CoverageCollection.model_validate(document)
    series, still = document["coverages"]
    rows, columns = [0, 39, 44], [0, 69, 3]
    np.testing.assert_array_equal(array(series["ranges"]["vx"]), values["vx"][:, rows, columns])
    np.testing.assert_array_equal(array(still["ranges"]["vvc"]), values["vvc"][rows, columns])
    assert "t" not in still["domain"]["axes"]


async def test_a_cube_is_a_rectangle_of_the_products_own_grid(client, product, values) -> None:
    lon, lat = place_of(product, 20, 30)
    box = f"{lon - 0.01},{lat - 0.004},{lon + 0.01},{lat + 0.004}"
    document = (await client.get(f"{HERE}/cube", params={"bbox": box})).json()
    Coverage.model_validate(document)
    assert document["domain"]["domainType"] == "Grid"
    [place, _] = document["domain"]["referencing"]
    assert place["system"]["id"] == "http://www.opengis.net/def/crs/EPSG/0/32607"
    x, y = document["domain"]["axes"]["x"], document["domain"]["axes"]["y"]
    spacing, _, left, _, _, top = product["properties"]["proj:transform"]
    first = round((x["start"] - left) / spacing - 0.5), round((top - y["start"]) / spacing - 0.5)
    part = np.s_[:, first[1] : first[1] + y["num"], first[0] : first[0] + x["num"]]
    assert 5 < y["num"] < 20
    np.testing.assert_array_equal(array(document["ranges"]["vx"]), values["vx"][part])


async def test_an_area_holds_its_cells_and_null_outside(client, product, values) -> None:
    corners = [place_of(product, *corner) for corner in ((4.6, 4.6), (4.6, 25.2), (25.2, 4.6))]
    asked = {"coords": wkt("POLYGON", *corners, corners[0])}
    document = (await client.get(f"{HERE}/area", params=asked)).json()
    Coverage.model_validate(document)
    found = array(document["ranges"]["vx"])
    assert found.shape[1:] == (20, 20)
    inside = ~np.isnan(found[0])
    rows, columns = np.indices(inside.shape)
    assert inside[rows + columns < 19].all()
    assert not inside[rows + columns > 20].any()
    np.testing.assert_array_equal(found[:, inside], values["vx"][:, 5:25, 5:25][:, inside])
    table = (await client.get(f"{HERE}/area", params=asked | {"f": "json"})).json()["columns"]
    assert len(table["vx"]) == inside.sum() * found.shape[0]


async def test_a_small_area_is_the_cell_that_holds_it(client, product, values) -> None:
    lon, lat = place_of(product, 9.3, 9.3)
    corners = [(lon, lat), (lon + 1e-5, lat), (lon, lat + 1e-5), (lon, lat)]
    document = (await client.get(f"{HERE}/area", params={"coords": wkt("POLYGON", *corners)})).json()
    np.testing.assert_array_equal(array(document["ranges"]["vx"]).ravel(), values["vx"][:, 9, 9])


async def test_a_trajectory_is_the_cells_it_crosses_in_their_order(client, product, values) -> None:
    line = wkt("LINESTRING", place_of(product, 10, 20), place_of(product, 10, 4))
    document = (await client.get(f"{HERE}/trajectory", params={"coords": line})).json()
    Coverage.model_validate(document)
    assert document["domain"]["domainType"] == "MultiPointSeries"
    np.testing.assert_array_equal(array(document["ranges"]["vx"]), values["vx"][:, 10, 20:3:-1])
    beyond = wkt("LINESTRING", (-179.0, 10.0), place_of(product, 10, 10), (100.0, 10.0))
    assert (await client.get(f"{HERE}/trajectory", params={"coords": beyond})).status_code == 200


async def test_coordinates_may_be_projected(client, product, values) -> None:
    spacing, _, left, _, _, top = product["properties"]["proj:transform"]
    x, y = left + 10.5 * spacing, top - 3.5 * spacing
    for crs in ("EPSG:32607", "http://www.opengis.net/def/crs/EPSG/0/32607"):
        asked = {"coords": f"POINT({x} {y})", "crs": crs}
        document = (await client.get(f"{HERE}/position", params=asked)).json()
        assert document["domain"]["axes"]["x"]["values"] == [x]
        np.testing.assert_array_equal(array(document["ranges"]["vx"]).ravel(), values["vx"][:, 3, 10])
    box = f"{x - 100},{y - 100},{x + 100},{y + 100}"
    document = (await client.get(f"{HERE}/cube", params={"bbox": box, "crs": "EPSG:32607"})).json()
    assert document["domain"]["axes"]["x"]["values"] == [x]


async def test_datetime_selects_windows(client, product, values) -> None:
    asked = {"coords": wkt("POINT", place_of(product, 1, 1))}
    whole = (await client.get(f"{HERE}/position", params=asked)).json()
    bounds = whole["domain"]["axes"]["t"]["bounds"]
    some = asked | {"datetime": f"{bounds[2]}/.."}
    part = (await client.get(f"{HERE}/position", params=some)).json()
    assert part["domain"]["axes"]["t"]["values"] == whole["domain"]["axes"]["t"]["values"][1:]
    np.testing.assert_array_equal(array(part["ranges"]["vx"]).ravel(), values["vx"][1:, 1, 1])


async def test_rows_tell_the_same_values(client, product, values) -> None:
    asked = {"coords": wkt("POINT", place_of(product, 12, 33)), "parameter-name": "vx,vvc"}
    answer = await client.get(f"{HERE}/position", params=asked | {"f": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert f'filename="{product["id"]}.csv"' in answer.headers["content-disposition"]
    lines = answer.text.splitlines()
    assert "# vx: m/yr" in lines
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    np.testing.assert_array_equal([np.float32(row["vx"]) for row in rows], values["vx"][:, 12, 33])
    table = (await client.get(f"{HERE}/position", params=asked | {"f": "json"})).json()
    assert list(table["columns"]) == list(rows[0]) == ["time", "x", "y", "vx", "vvc"]
    assert [float(row["vvc"]) for row in rows] == table["columns"]["vvc"]
    empty = {"coords": wkt("POINT", place_of(product, 42, 3)), "f": "csv"}
    assert (await client.get(f"{HERE}/position", params=empty)).text.splitlines()[-1].endswith(",")


@pytest.mark.parametrize("query", ["position", "cube"])
async def test_netcdf_opens_and_is_always_the_same(client, product, values, query) -> None:
    lon, lat = place_of(product, 12, 33)
    place = {"coords": f"POINT({lon} {lat})"} if query == "position" else {"bbox": f"{lon},{lat},{lon},{lat}"}
    asked = place | {"f": "netcdf", "parameter-name": "vx,vvc"}
    first, second = [await client.get(f"{HERE}/{query}", params=asked) for _ in range(2)]
    assert first.content == second.content
    made = xr.open_dataset(io.BytesIO(first.content), engine="h5netcdf")
    np.testing.assert_array_equal(made.vx.values.ravel(), values["vx"][:, 12, 33])
    assert made.vx.attrs["units"] == "m year-1"
    assert made.sizes["time"] == values["vx"].shape[0]
    assert (made.attrs.get("featureType") == "timeSeries") is (query == "position")


async def test_the_newest_product_that_covers_the_place_answers(client, catalog, workshop, product) -> None:
    place = wkt("POINT", place_of(product, 12, 33))
    newer = product | {"id": product["id"].replace("_v1_", "_v2_")}
    await catalog.add(newer)
    gone = await client.get(f"{HERE}/position", params={"coords": place})
    assert gone.status_code == 503
    assert gone.json()["type"].endswith("/problems/store-unavailable")
    named = {"coords": place, "product": product["id"]}
    assert (await client.get(f"{HERE}/position", params=named)).status_code == 200
    early = {"coords": place, "datetime": "../1990-01-01"}
    refused = await client.get(f"{HERE}/position", params=early)
    assert refused.status_code == 404
    assert "in that time" in refused.json()["detail"]


async def test_what_the_client_has_is_not_read_again(client, workshop, product) -> None:
    asked = {"coords": wkt("POINT", place_of(product, 12, 33))}
    first = await client.get(f"{HERE}/position", params=asked)
    tag = {"If-None-Match": first.headers["etag"]}
    again = await client.get(f"{HERE}/position", params=asked, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(f"{HERE}/position", params=asked | {"f": "json"}, headers=tag)
    assert other.status_code == 200


async def test_what_is_too_large_leads_to_the_store(app, client, product) -> None:
    app.state.settings = app.state.settings.model_copy(update={"limit_inline": 1000})
    west, south, east, north = product["bbox"]
    box = {"bbox": f"{west},{south},{east},{north}"}
    answer = await client.get(f"{HERE}/cube", params=box)
    assert answer.status_code == 308
    assert answer.json()["limits"] == {"inline": 1000}
    group = (await client.get(answer.headers["location"])).json()
    assert group["node_type"] == "group"
    assert group["attributes"]["id"] == product["id"]


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


async def test_the_collection_tells_its_queries(client, product) -> None:
    document = (await client.get(HERE)).json()
    DataQueries.model_validate(document["data_queries"])
    Parameters.model_validate(document["parameter_names"])
    assert set(document["data_queries"]) == {"position", "area", "cube", "trajectory"}
    assert document["parameter_names"]["vx"]["unit"]["label"] == "m/yr"
    for query in document["data_queries"].values():
        assert (await client.get(query["link"]["href"])).status_code == 400  # it is there, and wants a place
