"""`ogive score reference`: a series against itself, against the truth, at several stations, and refusals."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from workers.axes import ground_axes
from workers.calendar import date_of, day_of
from workers.regions import to_grid
from workers.synthetic import SyntheticCube, Truth, truth_path, write_cube

SPEC = SyntheticCube(pairs=1500, height=12, width=12, years=3.0)
DAYS = day_of(SPEC.start) + np.arange(100, 900)


def place(row, column):
    return to_grid(SPEC.epsg).transform(*SPEC.grid.centre(row, column), direction="INVERSE")


LON, LAT = place(5, 6)
HERE = (f"--lon={LON}", f"--lat={LAT}")


@pytest.fixture(scope="module")
def cube(tmp_path_factory) -> str:
    return write_cube(str(tmp_path_factory.mktemp("reference") / "ice.zarr"), SPEC)


@pytest.fixture
def daily(cube):
    """The truth of each day at a pixel."""

    def made(row: int = 5, column: int = 6, **columns) -> pd.DataFrame:
        vx, vy = Truth.read(truth_path(cube)).window_means(row, column, DAYS, DAYS + 1)
        return pd.DataFrame({**columns, "date": [str(date_of(day)) for day in DAYS], "vx": vx, "vy": vy})

    return made


def scored(ogive, table, cube, *words) -> dict:
    ran = ogive("score", "reference", "--table", str(table), "--cube", cube, *words, "-f", "json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def test_a_series_is_its_own_perfect_reference(ogive, cube, tmp_path):
    table = tmp_path / "series.csv"
    assert ogive("series", "--cube", cube, *HERE, "-f", "csv", "-o", str(table)).code == 0
    told = scored(ogive, table, cube, *HERE)
    assert told["all"]["windows"] > 30
    assert told["all"]["v"] == pytest.approx({"rmse": 0.0, "bias": 0.0, "kge": 1.0}, abs=1e-4)
    assert told["all"]["vy"]["rmse"] == pytest.approx(0.0, abs=1e-4)
    assert told["all"]["coverage"] == 1.0


def test_the_truth_is_met_within_what_the_series_states(ogive, cube, daily, tmp_path):
    daily().to_csv(tmp_path / "truth.csv", index=False)
    told = scored(ogive, tmp_path / "truth.csv", cube, *HERE)
    (station,) = told["stations"]
    assert station["cube"] == "ice"
    assert station["offset_m"] == 0.0
    score = station["score"]
    assert score["windows"] in (26, 27)
    assert score["unused"] < 20
    assert 0 < score["v"]["rmse"] < 0.2 * score["mean"]
    assert score["v"]["kge"] > 0.5
    assert 0.5 < score["coverage"] <= 1.0
    assert score["error"] is None


def test_east_and_north_and_lengths_of_the_map_say_the_same(ogive, cube, daily, tmp_path):
    along, axes = daily(), ground_axes(SPEC.epsg, LON, LAT)
    vectors = along[["vx", "vy"]].to_numpy()
    ground = along[["date"]].assign(ve=vectors @ axes.east, vn=vectors @ axes.north)
    mapped = along.assign(vx=along.vx * axes.scale, vy=along.vy * axes.scale)
    scores = []
    for name, table, words in (("xy", along, ()), ("en", ground, ()), ("map", mapped, ("--lengths", "map"))):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        scores.append(scored(ogive, tmp_path / f"{name}.csv", cube, *HERE, *words)["all"])
    for other in scores[1:]:
        assert other["vx"]["rmse"] == pytest.approx(scores[0]["vx"]["rmse"], abs=1e-3)
        assert other["vy"]["bias"] == pytest.approx(scores[0]["vy"]["bias"], abs=1e-3)
        assert other["v"]["kge"] == pytest.approx(scores[0]["v"]["kge"], abs=1e-4)


def test_several_stations_have_a_row_each_and_one_together(ogive, cube, daily, tmp_path):
    rows = [
        daily(row, column, station=name, lon=lon, lat=lat)
        for name, row, column in (("upper", 2, 3), ("lower", 9, 8))
        for lon, lat in [place(row, column)]
    ]
    away = rows[0].assign(station="sea", lon=0.0, lat=0.0)
    path = tmp_path / "stations.parquet"
    pd.concat([*rows, away]).to_parquet(path)
    ran = ogive("score", "reference", "--table", str(path), "--cube", cube, "--step", "P1M")
    assert ran.code == 0
    table = re.findall(r"^ +(upper|lower|all) +(\d+) .*?(\d+) % *$", ran.out, re.MULTILINE)
    counts = {name: int(windows) for name, windows, _ in table}
    assert counts["all"] == counts["upper"] + counts["lower"]
    assert "sea: No cube holds lon=0" in " ".join(ran.out.split())
    told = scored(ogive, path, cube, "--step", "P1M")
    assert [station["score"] is None for station in told["stations"]] == [False, False, True]


@pytest.mark.parametrize(
    ("columns", "words", "told"),
    [
        ({"date": ["2016-01-01"], "w": [1]}, HERE, "a table needs dates"),
        ({"date": ["2016-01-01"], "v": [1]}, (), "given by --lon and --lat"),
        ({"date": ["2016-01-01"], "v": [1]}, HERE[:1], "--lon and --lat go together"),
        ({"date": ["2016-01-01"], "v": [1]}, ("--lon=0", "--lat=0"), "No cube holds lon=0.*nearest is ice"),
        ({"date": ["1999-01-01"], "v": [1]}, HERE, "No window can be .*1999-01-01 .* 1999-01-02, the series"),
        ({"date": ["2016-01-01"], "v": [1]}, (*HERE, "--step", "P2D"), "--step: step 'P2D'"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(ogive, cube, tmp_path, columns, words, told):
    pd.DataFrame(columns).to_csv(tmp_path / "table.csv", index=False)
    ran = ogive("score", "reference", "--table", str(tmp_path / "table.csv"), "--cube", cube, *words)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(told, ran.err)
    assert ran.err.count("\n") == 1
