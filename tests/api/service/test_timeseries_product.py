"""Series read from a finished product: those that /timeseries computes, without computing."""

import pytest
from jsonschema import Draft202012Validator

CHOICES = {"step": "P1M", "interval": "scaled", "coefficient": 50}


@pytest.fixture(scope="module")
def product(api, spot, ended):
    """Id of a product around the cube's middle."""
    inputs = {"bbox": spot, **CHOICES}
    location = api.post("/processes/velocity-cube/execution", json={"inputs": inputs}).headers["location"]
    job = ended(api, location)[-1]
    assert job["status"] == "successful", job["message"]
    return api.get(f"{location}/results").json()["item"]["title"]


def test_the_stored_series_is_the_computed_one(api, place, product):
    stored = api.get("/timeseries", params=place | {"product": product}).raise_for_status().json()
    computed = api.get("/timeseries", params=place | CHOICES).json()
    Draft202012Validator(api.get(f"/{stored['schema']}").json()).validate(stored)
    for part in ("cell", "series", "series_units", "method"):
        assert stored[part] == computed[part]
    assert stored["quality"]["vvc"] == computed["quality"]["vvc"]
    assert stored["quality"]["interval"] == computed["quality"]["interval"]
    assert stored["quality"]["iterations"] is None
    assert stored["source"]["product"] == product
    via = [link["href"] for link in stored["links"] if link["rel"] == "via"]
    assert [api.get(href).json()["id"] for href in via] == [product]


@pytest.mark.parametrize("form", ["csv", "netcdf", "parquet", "covjson"])
def test_every_format_takes_a_stored_series(api, place, product, form):
    params = place | {"product": product, "f": form}
    first, second = (api.get("/timeseries", params=params).raise_for_status() for _ in range(2))
    assert first.content == second.content
    had = {"If-None-Match": first.headers["etag"]}
    assert api.get("/timeseries", params=params, headers=had).status_code == 304


def test_windows_and_columns_may_be_chosen(api, place, product):
    params = place | {"product": product, "datetime": "2015-06-01/2015-12-31", "variables": "v"}
    whole = api.get("/timeseries", params=params | {"timeformat": "unixms"}).json()
    assert list(whole["series"]) == ["time", "start", "end", "v"]
    assert len(whole["series"]["v"]) == 7
    rows = api.get("/timeseries", params=params | {"orient": "records"}).json()
    assert [row["v"] for row in rows] == whole["series"]["v"]


def test_a_job_is_never_the_answer(api, place, product):
    headers = {"Prefer": "respond-async"}
    assert api.get("/timeseries", params=place | {"product": product}, headers=headers).status_code == 200
    body = {"type": "MultiPoint", "coordinates": [[place["lon"], place["lat"]]] * 30}
    answer = api.post("/timeseries", params={"product": product}, json=body, headers=headers)
    assert (answer.status_code, len(answer.json()["members"])) == (200, 30)


def test_what_the_product_fixes_is_refused(api, place, product):
    answer = api.get("/timeseries", params=place | {"product": product, "step": "P1M"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == "query.step"


def test_what_is_not_there_is_told(api, place, product):
    away = api.get("/timeseries", params=place | {"product": "ogive_EPSG32607_none"})
    assert away.status_code == 404
    outside = api.get("/timeseries", params={"lon": -130, "lat": 60, "product": product})
    assert (outside.status_code, "no pixel near" in outside.json()["detail"]) == (404, True)
    lists = {"lon": f"{place['lon']},-130", "lat": f"{place['lat']},60", "product": product}
    members = api.get("/timeseries", params=lists).json()["members"]
    assert [member.get("status") for member in members] == [None, 404]
    never = api.get("/timeseries", params=place | {"product": product, "datetime": "1990-01-01/1991-01-01"})
    assert (never.status_code, never.json()["errors"][0]["loc"]) == (400, "query.datetime")
