"""A flowline in every format: the same figures with their units, its failed points among them."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import xarray as xr
from jsonschema import Draft202012Validator
from pyarrow import parquet
from referencing import Registry, Resource

from service.cli.flowline import document
from service.formats import FORMATS
from service.formats.series import COLLECTION_SCHEMA, SCHEMA, dumps, schema
from workers.plan import CubeSource
from workers.regions import to_grid
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.flowline import line_series
from workers.velocity.parameters import VelocityParameters
from workers.velocity.series import Flag

SPEC = SyntheticCube(pairs=200, height=20, width=20, years=2.0)


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A line that begins two pixels west of the cube."""
    cube = write_cube(str(tmp_path_factory.mktemp("line") / "ice.zarr"), SPEC)
    ends = [to_grid(SPEC.epsg).transform(*SPEC.grid.centre(10, c), direction="INVERSE") for c in (-2, 12)]
    parameters = VelocityParameters(step="P3M", datetime="2015-04-01/..")
    return line_series(CubeSource(cubes=(cube,)), ends, 240.0, parameters)


@pytest.fixture(scope="module")
def whole(line):
    return json.loads(dumps(document(line)))


@pytest.fixture(scope="module")
def valid():
    series = Resource.from_contents(schema(SCHEMA))
    known = Registry().with_resource("timeseries-1.json", series)
    return Draft202012Validator(schema(COLLECTION_SCHEMA), registry=known)


def floats(rows):
    return np.array([[np.nan if value is None else value for value in row] for row in rows], np.float32)


def test_the_document_fulfils_the_schema_that_it_names(whole, valid):
    assert whole["schema"] == COLLECTION_SCHEMA
    valid.validate(whole)
    spoilt = {
        "a table of another name": whole | {"flowline": whole["flowline"] | {"tables": {}}},
        "a member without a place": whole | {"members": [{"series": {}}]},
        "a member without a reason": whole | {"members": [{"status": 404}]},
        "no members": {name: value for name, value in whole.items() if name != "members"},
    }
    assert [name for name, other in spoilt.items() if valid.is_valid(other)] == []


def test_the_document_holds_a_member_and_a_row_for_each_point(line, whole):
    table, members = whole["flowline"], whole["members"]
    points, windows = table["points"], table["windows"]
    assert set(table["points_units"]) == set(points)
    assert set(table["table_units"]) == set(table["table"])
    assert {len(column) for column in points.values()} == {len(line.points)} == {len(members)} == {8}
    assert {len(column) for column in windows.values()} == {len(line.windows)}
    assert points["distance"] == [240.0 * n for n in range(8)]
    assert members[0]["detail"].startswith("No cube holds lon=")
    assert [member["requested"]["distance_m"] for member in members[1:]] == points["distance"][1:]
    np.testing.assert_array_equal(floats(table["table"]["v"]), line.table("v"))
    np.testing.assert_array_equal(floats(table["table"]["v_anomaly"]), line.anomaly)
    np.testing.assert_array_equal(floats(table["table"]["v_anomaly_relative"]), line.relative_anomaly)
    np.testing.assert_array_equal(floats([points["v_mean"]])[0], line.mean_speed.astype(np.float32))


def test_tables_have_a_line_for_each_point_and_window(whole, tmp_path):
    text = FORMATS["csv"].write(whole).decode()
    comments = [each for each in text.splitlines() if each.startswith("#")]
    assert f"# member 0: No cube here: {whole['members'][0]['detail']}" in comments
    assert "# v_anomaly_relative: 1" in comments
    rows = list(csv.DictReader(each for each in text.splitlines() if not each.startswith("#")))
    times = len(whole["flowline"]["windows"]["time"])
    assert len(rows) == 7 * times
    third = rows[2 * times]
    assert (third["member"], float(third["distance_m"])) == ("3", 720.0)
    assert float(third["v"]) == whole["flowline"]["table"]["v"][3][0]
    (tmp_path / "line.parquet").write_bytes(FORMATS["parquet"].write(whole))
    table = parquet.read_table(tmp_path / "line.parquet")
    assert table.column_names == list(rows[0])
    expected = floats(whole["flowline"]["table"]["v_anomaly"])[1:].ravel()
    np.testing.assert_array_equal(table["v_anomaly"].to_numpy(), expected)


def test_the_file_says_what_the_document_says(line, whole, tmp_path):
    (tmp_path / "line.nc").write_bytes(FORMATS["netcdf"].write(whole))
    table = whole["flowline"]
    with xr.open_dataset(tmp_path / "line.nc", decode_coords="all") as opened:
        assert dict(opened.sizes) == {"distance": 8, "time": len(line.windows), "bnds": 2}
        assert {"lon", "lat", "x", "y", "spatial_ref", "time_bnds"} < set(opened.coords)
        for name in ("v", "v_anomaly", "v_anomaly_relative"):
            assert opened[name].dims == ("distance", "time")
            np.testing.assert_array_equal(opened[name].values, floats(table["table"][name]))
        for name in ("vx", "v_low", "count"):
            np.testing.assert_array_equal(opened[name].values, line.table(name))
        np.testing.assert_array_equal(opened["quality_flag"].values, line.table("quality_flag"))
        assert opened["quality_flag"].values[0].tolist() == [Flag.no_data] * len(line.windows)
        assert opened["quality_flag"].attrs["flag_meanings"].split()[0] == "short_step"
        assert opened["spatial_ref"].attrs["grid_mapping_name"] == "transverse_mercator"
        assert opened["problem"].values.tolist() == [whole["members"][0]["detail"]] + [""] * 7
        assert opened["epsg"].values.tolist() == [0] + [SPEC.epsg] * 7
        assert opened["distance"].values.tolist() == table["points"]["distance"]
        starts = opened["time_bnds"].values[:, 0].astype("datetime64[s]").astype(str)
        assert [f"{start}Z" for start in starts] == table["windows"]["start"]
        assert opened["v"].attrs["units"] == "m year-1"
        assert opened.attrs["method_step"] == "P3M"


@pytest.mark.parametrize("form", FORMATS)
def test_equal_lines_give_equal_bytes(line, form):
    assert FORMATS[form].write(document(line)) == FORMATS[form].write(document(line))
