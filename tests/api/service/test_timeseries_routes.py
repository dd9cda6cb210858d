import csv
import io
import json
import uuid

import pytest
from jsonschema import Draft202012Validator

from service.formats import FORMATS
from service.formats.series import document, dumps
from workers.plan import CubeSource
from workers.tasks import point_series
from workers.velocity.parameters import VelocityParameters


def test_the_document_fulfils_the_schema_that_it_names(api, place):
    whole = api.get("/timeseries", params=place).raise_for_status().json()
    schema = api.get(f"/{whole['schema']}")
    assert schema.headers["content-type"] == "application/schema+json"
    Draft202012Validator(schema.json()).validate(whole)
    assert whole["source"]["used"] > 20
    assert any(v is not None for v in whole["series"]["v"])


def test_the_document_is_that_of_the_workers_links_aside(api, place, cube):
    parameters = {"step": "P1M", "regularization": "zero", "coefficient": 30, "interval": "scaled"}
    whole = api.get("/timeseries", params=place | parameters | {"observations": True}).json()
    point = point_series(
        CubeSource(cubes=(cube,)), **place, parameters=VelocityParameters(**parameters), observations=True
    )
    assert whole.pop("links")
    assert whole == json.loads(dumps(document(point)))
    assert len(whole["observations"]["v"]) == whole["source"]["valid"]


def test_equal_requests_get_equal_bytes(api, place):
    first, second = (api.get("/timeseries", params=place) for _ in range(2))
    assert first.content == second.content
    again = api.get("/timeseries", params=place, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_links_lead_on(api, place):
    found = api.get("/timeseries", params=place | {"step": "P1M", "observations": True}).json()["links"]
    links = {link["rel"]: link for link in found}
    again = api.get(links["self"]["href"]).json()
    assert (again["method"]["step"], again["links"]) == ("P1M", found)
    assert "observations" in again
    others = [link for link in found if link["rel"] == "alternate"]
    assert len(others) == len(FORMATS) - 1
    for link in others:
        assert api.get(link["href"]).headers["content-type"].partition(";")[0] == link["type"]
    assert api.get(links["describedby"]["href"]).json()["title"] == "VelocityTimeSeries"
    assert links["cite-as"]["href"].startswith("https://doi.org/")


@pytest.mark.parametrize("how", [{"params": {"f": "csv"}}, {"headers": {"Accept": "text/csv"}}])
def test_csv_by_parameter_or_header(api, place, how):
    whole = api.get("/timeseries", params=place).json()
    answer = api.get("/timeseries", params=place | how.get("params", {}), headers=how.get("headers"))
    assert answer.headers["content-type"].startswith("text/csv")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert [row["time"] for row in rows] == whole["series"]["time"]
    assert [float(row["v"]) if row["v"] else None for row in rows] == whole["series"]["v"]


def test_headers_for_caches_and_browsers(api, place):
    request_id = str(uuid.uuid4())
    answer = api.get(
        "/timeseries",
        params=place,
        headers={"X-Request-ID": request_id, "Origin": "https://elsewhere.example"},
    )
    assert answer.headers["x-request-id"] == request_id
    assert "max-age=3600" in answer.headers["cache-control"]
    assert "Accept" in answer.headers["vary"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert [stage.split(";")[0] for stage in answer.headers["server-timing"].split(", ")] == [
        "catalogue",
        "queue",
        "read",
        "solve",
        "format",
    ]


def test_no_pairs_is_an_answer_of_nulls(api, place):
    whole = api.get("/timeseries", params=place | {"pairs_datetime": "2015-01-01/2015-01-04"}).json()
    assert set(whole["series"]["v"]) == {None}
    assert whole["quality"]["flags"] == ["no_data"]
    assert whole["quality"]["vvc"] is None


BAD = {
    "lon is missing": ({"lon": None}, "query.lon", "lon is missing."),
    "lon is text": ({"lon": "west"}, "query.lon", "lon should be a valid number"),
    "lat out of range": ({"lat": 91}, "query.lat", "less than or equal to 90; '91' is not"),
    "lat is not finite": ({"lat": "nan"}, "query.lat", "finite"),
    "step of nothing": ({"step": "P0D"}, "query.step", "P5D to P1Y"),
    "step negative": ({"step": "-P30D"}, "query.step", "P5D to P1Y"),
    "datetime reversed": ({"datetime": "2016-01-01/2015-01-01"}, "query.datetime", "earlier date first"),
    "datetime outside": ({"datetime": "1990-01-01/1991-01-01"}, "query.datetime", "the record runs from"),
    "unknown parameter": ({"stpe": "P30D"}, "query.stpe", "did you mean step"),
    "unknown value": ({"regularization": "none"}, "query.regularization", "'accel', 'zero' or 'model'"),
    "unknown format": ({"f": "xml"}, "query.f", "'parquet' or 'covjson'"),
    "unknown variable": ({"variables": "v,vz"}, "query.variables", "names vz; there are v, vx"),
    "unequal lists": ({"lon": "1,2"}, "query.lat", "lon has 2 numbers and lat 1"),
    "both kinds of place": ({"x": 1, "y": 2, "crs": "EPSG:3413"}, "query.x", "either lon and lat, or x, y"),
    "x without crs": ({"lon": None, "lat": None, "x": 1, "y": 2}, "query.crs", "crs is missing."),
    "no such crs": (
        {"lon": None, "lat": None, "x": 1, "y": 2, "crs": "EPSG:999999"},
        "query.crs",
        "none that is known",
    ),
    "records in csv": ({"orient": "records", "f": "csv"}, "query.orient", "orient=records is for json"),
    "milliseconds in netcdf": (
        {"timeformat": "unixms", "f": "netcdf"},
        "query.timeformat",
        "for json and csv",
    ),
    "distance out of range": ({"max_distance": 2000}, "query.max_distance", "less than or equal to 1000"),
    "coefficient of nothing": ({"coefficient": 0}, "query.coefficient", "a number above 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_a_clear_answer(api, place, conforms, case):
    changes, loc, message = BAD[case]
    asked = {name: value for name, value in (place | changes).items() if value is not None}
    answer = api.get("/timeseries", params=asked)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    conforms(document, "exception")
    assert document["errors"][0]["loc"] == loc
    assert message in document["errors"][0]["msg"]
    assert message in document["detail"]
    assert document["instance"] == uuid.UUID(answer.headers["x-request-id"]).urn
    assert api.get(document["type"]).json()["status"] == 400


def test_too_many_places_for_a_get_name_the_limit(api):
    many = {"lon": ",".join(["1"] * 26), "lat": ",".join(["2"] * 26)}
    answer = api.get("/timeseries", params=many)
    assert answer.status_code == 413
    assert "26 places are over the 25 of one GET; send them by POST" in answer.json()["detail"]
    told = {"limit": "points_at_once", "value": 25, "setting": "OGIVE_LIMIT_POINTS_AT_ONCE"}
    assert answer.json()["refused_by"] == told


def test_every_fault_is_named_at_once(api):
    errors = api.get("/timeseries", params={"lon": "a", "lat": -100, "step": "P1D"}).json()["errors"]
    assert [error["loc"] for error in errors] == ["query.step", "query.lon", "query.lat"]


def test_a_parameter_given_twice_is_refused(api):
    problem = api.get("/timeseries?lon=1&lon=2&lat=3").json()
    assert problem["errors"] == [{"loc": "query.lon", "msg": "lon is given more than once; give it once."}]


def test_outside_every_cube_the_nearest_is_named(api, cube):
    answer = api.get("/timeseries", params={"lon": -130, "lat": 60})
    document = answer.json()
    assert answer.status_code == 404
    assert document["type"].endswith("/problems/no-cube")
    assert document["nearest_cube"] in cube
    assert document["distance_m"] > 400_000
    assert document["nearest_cube"] in document["detail"]


def test_what_the_client_cannot_take_is_not_sent(api, place):
    answer = api.get("/timeseries", params=place, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.json()["available"] == [made.media_type for made in FORMATS.values()]


def test_a_missing_source_is_told_as_an_outage(serve, settings, tmp_path, place):
    away = settings.model_copy(update={"cubes": (str(tmp_path / "away.zarr"),)})
    with serve(settings=away) as client:
        answer = client.get("/timeseries", params=place)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["upstream"] == "source-zarr"
    assert "away" in answer.json()["detail"]


def _crash(*_):
    raise ZeroDivisionError("secret")


def test_the_unforeseen_is_logged_and_tells_nothing(serve, tasks_but, place, caplog):
    with serve(tasks=tasks_but(solve_sites=_crash)) as client:
        answer = client.get("/timeseries", params=place, headers={"X-Request-ID": "mine"})
    assert answer.status_code == 500
    assert answer.json()["type"] == "about:blank"
    assert answer.json()["instance"] == answer.headers["x-request-id"] == "mine"
    assert "secret" not in answer.text
    assert any(record.exc_info and "mine" in record.getMessage() for record in caplog.records)
