"""A flowline as JSON, CSV and NetCDF: the same figures, with their units, and the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from service.formats import flowline
from service.formats.flowline_netcdf import netcdf
from service.formats.series import dumps
from workers.plan import CubeSource
from workers.regions import to_grid
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.flowline import line_series
from workers.velocity.parameters import VelocityParameters
from workers.velocity.series import Flag

SPEC = SyntheticCube(pairs=200, height=20, width=20, years=2.0)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A line that begins two pixels west of the cube."""
    cube = write_cube(str(tmp_path_factory.mktemp("line") / "ice.zarr"), SPEC)
    ends = [to_grid(SPEC.epsg).transform(*SPEC.grid.centre(10, c), direction="INVERSE") for c in (-2, 12)]
    return CubeSource(cubes=(cube,)), ends, 240.0, VelocityParameters(step="P3M", datetime="2015-04-01/..")


@pytest.fixture(scope="module")
def line(asked):
    return line_series(*asked)


@pytest.fixture(scope="module")
def whole(line):
    return json.loads(dumps(flowline.document(line)))


def floats(rows):
    return np.array([[np.nan if value is None else value for value in row] for row in rows], np.float32)


def test_the_document_holds_a_row_of_every_table_for_each_point(line, whole):
    points, windows, table = whole["points"], whole["windows"], whole["table"]
    assert set(whole["points_units"]) == set(points)
    assert set(whole["table_units"]) == set(table)
    assert {len(column) for column in points.values()} == {len(line.points)} == {8}
    assert {len(column) for column in windows.values()} == {len(line.windows)}
    assert points["distance"] == [240.0 * n for n in range(8)]
    assert points["problem"][0].startswith("No cube holds lon=")
    assert points["problem"][1:] == [None] * 7
    assert points["pixel"] == [None, *range(7)]
    assert points["cube"] == [None] + ["ice"] * 7
    for name in ("v", "vx", "v_error", "count"):
        np.testing.assert_array_equal(floats(table[name]), line.table(name))
    assert table["flags"][0] == [Flag.no_data] * len(line.windows)
    np.testing.assert_array_equal(floats(table["v_anomaly"]), line.anomaly)
    assert whole["method"]["step"] == "P3M"
    assert whole["sources"][0]["layers"] == SPEC.pairs


def test_the_csv_has_a_line_for_each_point_and_window(whole):
    text = flowline.table(whole)
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert f"# point 0: {whole['points']['problem'][0]}" in comments
    assert "# v_anomaly_relative: 1" in comments
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    times = len(whole["windows"]["time"])
    assert len(rows) == 8 * times
    assert rows[0]["v"] == ""
    third = rows[3 * times]
    assert float(third["distance"]) == 720.0
    assert float(third["v"]) == whole["table"]["v"][3][0]
    assert third["start"] == whole["windows"]["start"][0]


def test_the_file_says_what_the_document_says(line, whole, tmp_path):
    (tmp_path / "line.nc").write_bytes(netcdf(line))
    with xr.open_dataset(tmp_path / "line.nc", decode_coords="all") as opened:
        assert dict(opened.sizes) == {"distance": 8, "time": len(line.windows), "bnds": 2}
        assert {"lon", "lat", "x", "y", "spatial_ref", "time_bnds"} < set(opened.coords)
        for name in ("v", "v_anomaly", "v_anomaly_relative", "vx", "v_low"):
            assert opened[name].dims == ("distance", "time")
            np.testing.assert_array_equal(opened[name].values, floats(whole["table"][name]))
        assert opened["quality_flag"].values.tolist() == whole["table"]["flags"]
        assert opened["quality_flag"].attrs["flag_meanings"].split()[0] == "short_step"
        assert opened["spatial_ref"].attrs["grid_mapping_name"] == "transverse_mercator"
        assert opened["problem"].values.tolist() == [whole["points"]["problem"][0]] + [""] * 7
        assert opened["epsg"].values.tolist() == [0] + [SPEC.epsg] * 7
        starts = opened["time_bnds"].values[:, 0].astype("datetime64[s]").astype(str)
        assert [f"{start}Z" for start in starts] == whole["windows"]["start"]
        assert opened["v"].attrs["units"] == "m year-1"
        assert opened.attrs["step"] == "P3M"
        assert json.loads(opened.attrs["geometry"])["type"] == "LineString"
        assert opened.attrs["id"] == whole["id"]


def test_equal_requests_give_equal_bytes_in_another_process_too(asked, line):
    source, ends, spacing, parameters = asked
    program = (
        "import hashlib\nfrom service.formats.flowline_netcdf import netcdf\n"
        "from workers.plan import CubeSource\nfrom workers.velocity.flowline import line_series\n"
        "from workers.velocity.parameters import VelocityParameters\n"
        f"line = line_series(CubeSource(cubes={source.cubes!r}), {ends!r}, {spacing!r}, "
        f"VelocityParameters(**{parameters.model_dump(exclude_unset=True)!r}))\n"
        "print(hashlib.sha256(netcdf(line)).hexdigest())"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == hashlib.sha256(netcdf(line)).hexdigest()
