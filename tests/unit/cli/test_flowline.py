"""`ogive flowline`: files by their names, lines in every shape of GeoJSON, and errors in one line."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import xarray as xr
from pyarrow import parquet

from service.formats import FORMATS
from workers.regions import to_grid
from workers.synthetic import SyntheticCube, write_cube

SPEC = SyntheticCube(pairs=120, height=12, width=20, years=2.0)
ENDS = [
    list(to_grid(SPEC.epsg).transform(*SPEC.grid.centre(6, column), direction="INVERSE"))
    for column in (2, 17)
]
LINE = {"type": "LineString", "coordinates": ENDS}
FEATURE = {"type": "Feature", "properties": {"name": "main"}, "geometry": LINE}
POINT = {"type": "Feature", "properties": None, "geometry": {"type": "Point", "coordinates": ENDS[0]}}


@pytest.fixture(scope="module")
def cube(tmp_path_factory) -> str:
    return write_cube(str(tmp_path_factory.mktemp("flowline") / "ice.zarr"), SPEC)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "line.geojson"
    path.write_text(json.dumps(FEATURE))
    return path


def test_a_file_is_of_the_kind_that_its_name_says(ogive, cube, file, tmp_path):
    words = ("flowline", "--cube", cube, "--line", str(file), "--spacing", "600", "--step", "P6M")
    for made in FORMATS.values():
        ran = ogive(*words, "-o", str(tmp_path / f"line.{made.suffix}"))
        assert (ran.code, ran.out) == (0, "")
        assert ran.err.startswith("Flowline")
    document = json.loads((tmp_path / "line.json").read_text())
    assert document["flowline"]["points"]["distance"] == [0.0, 600.0, 1200.0, 1800.0]
    starts = document["flowline"]["windows"]["start"]
    assert (tmp_path / "line.csv").read_text().count("\n0,") == len(starts)
    with xr.open_dataset(tmp_path / "line.nc") as opened:
        assert opened["v"].shape == (4, len(starts))
    assert parquet.read_table(tmp_path / "line.parquet").num_rows == 4 * len(starts)
    assert len(json.loads((tmp_path / "line.covjson").read_text())["coverages"]) == 4
    printed = ogive(*words)
    assert printed.out == (tmp_path / "line.json").read_text()


def first_and_last(text):
    points = json.loads(text)["flowline"]["points"]
    assert points["distance"] == [0.0, 900.0, 1800.0]
    return pytest.approx(np.array([[points["lon"][n], points["lat"][n]] for n in (0, -1)]), abs=2e-5)


@pytest.mark.parametrize(
    "document", [LINE, FEATURE, {"type": "FeatureCollection", "features": [POINT, FEATURE]}]
)
def test_a_line_is_found_in_every_shape_of_geojson(ogive, cube, file, document):
    file.write_text(json.dumps(document))
    ran = ogive("flowline", "--cube", cube, "--line", str(file), "--spacing", "900", "--step", "P6M")
    assert ran.code == 0
    assert np.array(ENDS) == first_and_last(ran.out)


def test_a_line_may_be_written_out(ogive, cube):
    text = " ".join(f"{lon!r},{lat!r}" for lon, lat in ENDS)
    ran = ogive("flowline", "--cube", cube, f"--line={text}", "--spacing", "900", "--step", "P6M")
    assert np.array(ENDS) == first_and_last(ran.out)


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        ("no json", (), r"--line: \S+ is no GeoJSON"),
        (json.dumps(POINT), (), r"--line: \S+ holds 0 LineStrings; one is needed"),
        (json.dumps({"type": "FeatureCollection", "features": [FEATURE] * 2}), (), "holds 2 LineStrings"),
        (None, (), r"--line: \S+ cannot be read: No such file"),
        (json.dumps(LINE), ("-f", "netcdf"), "name a file by -o"),
        (json.dumps(LINE), ("--spacing", "1"), "the limit is 500 points: a spacing of 4 m fits"),
        (json.dumps(LINE), ("--spacing", "-5"), "spacing is -5 m"),
        (json.dumps(LINE), ("--step", "P9Y"), "--step: step 'P9Y'"),
        (json.dumps({**LINE, "coordinates": [[500_000, 6_700_000], [1, 2]]}), (), "longitude 500000"),
        (json.dumps({**LINE, "coordinates": [[0, 0], [0.1, 0]]}), (), "the nearest is ice"),
    ],
)
def test_what_is_no_line_is_told_in_one_line(ogive, cube, file, content, words, told):
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    ran = ogive("flowline", "--cube", cube, "--line", str(file), "--spacing", "600", *words)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(told, ran.err)
    assert ran.err.count("\n") == 1
