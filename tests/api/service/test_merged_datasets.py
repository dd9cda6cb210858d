"""Data sets that the settings name, merged on request."""

import dataclasses

import pytest
from jsonschema import Draft202012Validator

from service.formats.series import schema
from service.settings import Settings
from tests.api.service.conftest import SPEC
from workers.synthetic.write import write_cube

POLAR = dataclasses.replace(SPEC, epsg=3413, height=70, width=70, seed=2)


@pytest.fixture(scope="module")
def polar(tmp_path_factory):
    return write_cube(str(tmp_path_factory.mktemp("polar")), POLAR)


@pytest.fixture
def merging(serve, tmp_path, cube, polar):
    with serve(settings=Settings(data=tmp_path, cubes=(cube,), datasets={"polar": (polar,)})) as client:
        yield client


def test_a_merged_series_names_its_sets_and_their_cubes(merging, place):
    plain = merging.get("/timeseries", params=place).raise_for_status()
    answer = merging.get("/timeseries", params=place | {"datasets": "polar", "observations": True})
    whole = answer.raise_for_status().json()
    Draft202012Validator(schema()).validate(whole)
    main, polar = whole["source"]["datasets"]
    assert (main["name"], polar["name"]) == ("main", "polar")
    assert (polar["cubes"][0]["cube"], polar["cubes"][0]["crs"]) == (POLAR.name, "EPSG:3413")
    assert main["used"] + polar["used"] == whole["source"]["used"]
    assert polar["used"] > 0
    assert set(whole["observations"]["dataset"]) == {"main", "polar"}
    assert "datasets" not in plain.json()["source"]
    assert answer.headers["etag"] != plain.headers["etag"]
    again = {"If-None-Match": answer.headers["etag"]}
    asked = {"datasets": "polar", "observations": True}
    assert merging.get("/timeseries", params=place | asked, headers=again).status_code == 304


def test_a_set_that_is_not_configured_is_told_with_those_that_are(merging, place):
    answer = merging.get("/timeseries", params=place | {"datasets": "ige"})
    assert answer.status_code == 400
    problem = answer.json()
    assert "There is no data set ige; those to merge are polar." in problem["detail"]


def test_no_request_can_name_a_path(merging, place, polar):
    answer = merging.get("/timeseries", params=place | {"datasets": polar})
    assert answer.status_code == 400
    assert "There is no data set" in answer.text
