"""EDR on finished products: each query has the very values of the product."""

from __future__ import annotations

import numpy as np
import pytest
from covjson_pydantic.coverage import Coverage, CoverageCollection

from tests.api.catalog.edr.asking import HERE, array, place_of, wkt

pytestmark = pytest.mark.anyio


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
