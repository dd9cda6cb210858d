"""POST /timeseries: the places of a GeoJSON object are those of a GET."""

import json

import numpy as np
import pytest
import xarray as xr

from service.cli.flowline import document
from service.formats.series import dumps, schema
from workers.plan import CubeSource
from workers.velocity.flowline import line_series
from workers.velocity.parameters import VelocityParameters

POINT = "Point"


@pytest.fixture(scope="module")
def here(place):
    return [place["lon"], place["lat"]]


@pytest.fixture(scope="module")
def there(place):
    return [place["lon"] + 0.004, place["lat"]]


def feature(position, **members):
    return {
        "type": "Feature",
        "geometry": {"type": POINT, "coordinates": position},
        "properties": None,
    } | members


def test_a_point_is_the_series_of_a_get(api, place, here):
    posted = api.post("/timeseries", json={"type": POINT, "coordinates": here}, params={"step": "P1M"}).json()
    asked = api.get("/timeseries", params=place | {"step": "P1M"}).json()
    assert {link["rel"] for link in posted.pop("links")} == {"describedby", "cite-as"}
    asked.pop("links")
    assert posted == asked
    assert api.post("/timeseries", json=feature(here)).json()["type"] == "VelocityTimeSeries"


def test_several_features_carry_their_ids(api, here, there):
    body = {"type": "FeatureCollection", "features": [feature(here, id="station-1"), feature(there, id=7)]}
    members = api.post("/timeseries", json=body).json()["members"]
    assert [member["requested"]["id"] for member in members] == ["station-1", 7]
    points = {"type": "MultiPoint", "coordinates": [here, there]}
    again = api.post("/timeseries", json=points).json()["members"]
    assert [member["series"] for member in again] == [member["series"] for member in members]


def test_a_line_has_a_series_every_so_far(api, here, there):
    body = {"type": "LineString", "coordinates": [here, there]}
    members = api.post("/timeseries", json=body, params={"spacing": 80}).json()["members"]
    assert [member["requested"]["distance_m"] for member in members] == [0.0, 80.0, 160.0]
    assert members[0]["requested"]["lon"] == here[0]
    one = api.get("/timeseries", params={k: members[2]["requested"][k] for k in ("lon", "lat")}).json()
    assert members[2]["series"] == one["series"]


def test_a_line_has_its_table_over_distance_and_time(api, here, there):
    body = {"type": "LineString", "coordinates": [here, there]}
    whole = api.post("/timeseries", json=body, params={"spacing": 80, "variables": "vx"}).json()
    line, starts = whole["flowline"], whole["members"][0]["series"]["start"]
    assert line["points"]["distance"] == [0.0, 80.0, 160.0]
    assert line["windows"]["start"] == starts
    speed, anomaly = (np.array(line["table"][name], float) for name in ("v", "v_anomaly"))
    assert speed.shape == (3, len(starts))
    np.testing.assert_allclose(speed - np.array(line["points"]["v_mean"])[:, None], anomaly, atol=1e-3)
    relative = np.array(line["table"]["v_anomaly_relative"], float)
    np.testing.assert_allclose(relative * np.array(line["points"]["v_mean"])[:, None], anomaly, atol=1e-3)
    assert (
        "flowline" not in api.post("/timeseries", json={"type": "MultiPoint", "coordinates": [here]}).json()
    )


def test_a_line_is_the_document_of_the_command_line(api, cube, here, there):
    body = {"type": "LineString", "coordinates": [here, there]}
    answered = api.post("/timeseries", json=body, params={"spacing": 80, "step": "P1M"}).json()
    links = {link["rel"]: link["href"] for link in answered.pop("links")}
    computed = document(
        line_series(CubeSource(cubes=(cube,)), [here, there], 80.0, VelocityParameters(step="P1M"))
    )
    assert answered == json.loads(dumps(computed))
    assert api.get(links["describedby"]).json() == schema(answered["schema"])


def test_a_line_as_a_file_has_the_same_table(api, here, there, tmp_path):
    body = {"type": "LineString", "coordinates": [here, there]}
    line = api.post("/timeseries", json=body, params={"spacing": 80}).json()["flowline"]
    file = api.post("/timeseries", json=body, params={"spacing": 80, "f": "netcdf"}).content
    (tmp_path / "line.nc").write_bytes(file)
    with xr.open_dataset(tmp_path / "line.nc") as opened:
        assert opened["distance"].values.tolist() == line["points"]["distance"]
        for name in ("v", "v_anomaly", "v_anomaly_relative"):
            np.testing.assert_array_equal(opened[name].values, np.array(line["table"][name], np.float32))


def test_a_table_of_a_line(api, here, there):
    body = {"type": "LineString", "coordinates": [here, there]}
    text = api.post("/timeseries", json=body, params={"spacing": 100, "f": "csv"}).text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines[0].startswith("member,lon,lat,distance_m,time,start,end,v")
    assert lines[0].endswith(",flags,v_anomaly,v_anomaly_relative")
    assert {line.split(",")[0] for line in lines[1:]} == {"0", "1", "2"}


BAD = {
    "no GeoJSON": ({"type": "Circle"}, {}, "body", "'FeatureCollection'"),
    "a polygon": ({"type": "Polygon", "coordinates": []}, {}, "body", "expected tags"),
    "off the globe": (
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 99]]},
        {},
        "body.coordinates.1",
        "[3, 99] leaves the globe",
    ),
    "no geometry": ({"type": "Feature", "geometry": None}, {}, "body.geometry", "a place is needed"),
    "a line without spacing": (
        {"type": "LineString", "coordinates": [[1, 2], [1, 3]]},
        {},
        "query.spacing",
        "spacing is missing",
    ),
    "a spacing without line": (
        {"type": "Point", "coordinates": [1, 2]},
        {"spacing": 5},
        "query.spacing",
        "for a",
    ),
    "too long a spacing": (
        {"type": "LineString", "coordinates": [[1, 2], [1, 2.001]]},
        {"spacing": 5000},
        "query.spacing",
        "not exceed the line",
    ),
    "no line": (
        {"type": "LineString", "coordinates": [[1, 2], [1, 2]]},
        {"spacing": 5},
        "body.coordinates",
        "two different points",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_bodies_get_a_clear_answer(api, conforms, case):
    body, params, loc, message = BAD[case]
    answer = api.post("/timeseries", json=body, params=params)
    assert answer.status_code == 400
    conforms(answer.json(), "exception")
    assert answer.json()["errors"][0]["loc"] == loc
    assert message in answer.json()["detail"]


def test_more_places_than_one_request_may_ask_for(api):
    line = {"type": "LineString", "coordinates": [[-139, 60], [-139, 61]]}
    answer = api.post("/timeseries", json=line, params={"spacing": 10})
    assert answer.status_code == 413
    assert "500" in answer.json()["detail"]
    points = {"type": "MultiPoint", "coordinates": [[-139, 60]] * 501}
    answer = api.post("/timeseries", json=points)
    assert answer.json()["limits"] == {"max_points": 500}
