import csv
import io
import json
import tracemalloc

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from service.formats import FORMATS
from service.formats.numbers import numbers
from service.formats.series import document, dumps, flags_throughout, schema

LINKS = [{"rel": "self", "href": "https://ogive.example/timeseries?lon=1&lat=2", "type": "application/json"}]


@pytest.fixture
def valid():
    Draft202012Validator.check_schema(schema())
    return Draft202012Validator(schema()).validate


def test_document_fulfils_its_schema(make_point, valid):
    whole = document(make_point(), LINKS)
    valid(json.loads(dumps(whole)))
    assert whole["links"] == LINKS


def test_schema_refuses_what_it_should(make_point, valid):
    for spoil in ({"v": [-1.0]}, {"time": ["2015-01-16"]}, {"flags": [256]}, {"surplus": []}):
        whole = json.loads(dumps(document(make_point())))
        whole["series"] |= spoil
        with pytest.raises(Exception, match=r"."):
            valid(whole)


def test_without_links_nothing_else_changes(make_point):
    with_links, without = document(make_point(), LINKS), document(make_point())
    assert with_links.pop("links") == LINKS
    assert dumps(with_links) == dumps(without)


def test_null_never_nan(make_point):
    whole = document(make_point(v=(np.nan, np.nan), flags=(128, 129)))
    text = dumps(whole).decode()
    assert "NaN" not in text
    assert whole["series"]["v"] == [None, None]
    assert whole["series"]["count"] == [0.0, 0.0]
    assert whole["quality"]["flags"] == ["no_data"]


def test_no_vvc_is_null(make_point, valid):
    point = make_point()
    for name in ("vvc", "error_scale"):
        object.__setattr__(point.series, name, np.float32("nan"))
    object.__setattr__(point.series, "residual_nmad", float("nan"))
    whole = json.loads(dumps(document(point)))
    valid(whole)
    assert whole["quality"]["vvc"] is None
    assert whole["quality"]["residual_nmad_m"] is None


def test_numbers_are_short_and_exact():
    values = np.random.default_rng(0).normal(0, 1000, 5000).astype(np.float32)
    listed = json.loads(json.dumps(numbers(values)))
    assert np.array_equal(np.array(listed, np.float32), values)
    assert max(len(repr(x)) for x in listed) <= 13
    assert numbers(np.array([148.2, 0.1, 1e-7, np.nan], np.float32)) == [148.2, 0.1, 1e-7, None]


def test_columns_have_equal_length_and_times_increase(make_point):
    series = document(make_point())["series"]
    assert {len(column) for column in series.values()} == {3}
    assert series["start"][1:] == series["end"][:-1]
    assert sorted(set(series["time"])) == series["time"]
    assert series["flags"] == [1, 17, 129]


def test_flags_of_the_whole_are_those_of_every_window(make_point):
    assert flags_throughout(make_point().series) == ["short_step"]
    assert flags_throughout(make_point(flags=(0, 16, 128)).series) == []


def test_other_cubes_bring_the_rule(make_point):
    assert "overlap_rule" not in document(make_point())["source"]
    source = document(make_point(other_cubes=("B", "C")))["source"]
    assert source["other_cubes"] == ["B", "C"]
    assert "farthest" in source["overlap_rule"]
    assert source["rejected"] == {"saturated": 1, "median_angle": 4}


@pytest.mark.parametrize(("kind", "scale"), [("theoretical", 1.0), ("scaled", 2.5)])
def test_interval_says_its_kind_and_scale(make_point, kind, scale):
    interval = document(make_point(interval=kind))["quality"]["interval"]
    assert interval == {"kind": kind, "level": 0.95, "scale": scale, "measured_coverage": None}


def test_observations_are_columns(make_point, valid):
    pairs = {
        "mid": np.array([16_435.5]),
        "start": np.array([16_430.0]),
        "end": np.array([16_441.0]),
        "v": np.array([150.1], np.float32),
        "vx": np.array([90.0], np.float32),
        "vy": np.array([-120.0], np.float32),
        "error": np.array([np.nan], np.float32),
        "sensor": ["L8"],
        "weight": np.array([0.25], np.float32),
    }
    whole = json.loads(dumps(document(make_point(observations=pairs))))
    valid(whole)
    assert whole["observations"]["mid"] == ["2014-12-31T12:00:00Z"]
    assert whole["observations"]["error"] == [None]
    assert whole["observations"].keys() == whole["observations_units"].keys()


def test_csv_is_the_same_series(make_point):
    whole = document(make_point())
    text = FORMATS["csv"].write(whole).decode()
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert all(f"# {name}: {unit}" in comments for name, unit in whole["series_units"].items())
    rows = list(csv.DictReader(io.StringIO("\n".join(text.splitlines()[len(comments) :]))))
    assert [row["time"] for row in rows] == whole["series"]["time"]
    for name in ("v", "vx", "v_high", "count", "flags"):
        assert [float(row[name]) if row[name] else None for row in rows] == whole["series"][name]


def test_documents_that_are_kept_take_no_more_room_than_their_bytes(make_point):
    whole = document(make_point())
    dumps(whole)
    tracemalloc.start()
    try:
        kept = [dumps(whole) for _ in range(50)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 1.2 * sum(map(len, kept))
