"""`ogive score holdout`: on a synthetic cube, and on the pixel of real pairs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from workers.synthetic import SyntheticCube, write_cube

PLACE = ("--lon", "-139.02", "--lat", "60.745")


@pytest.fixture(scope="module")
def cube(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("score") / "ice.zarr"
    write_cube(str(path), SyntheticCube(pairs=400, height=6, width=6))
    return str(path)


def figures(out: str) -> dict[str, list[float]]:
    """The rows of the table: medians and 90th percentiles, all pairs first."""
    rows = re.findall(r"^ +(path between dates|regular series|rolling median) +(.*?) *$", out, re.MULTILINE)
    return {name: [float(figure) for figure in text.split()] for name, text in rows}


def test_a_place_is_scored(ogive, cube):
    ran = ogive("score", "holdout", "--cube", cube, *PLACE)
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^\d+ of 400 pairs kept$", ran.out, re.MULTILINE)
    rows = figures(ran.out)
    assert len(rows) == 3
    for median, most, short_median, short_most in rows.values():
        assert 0 < median < most
        assert 0 < short_median < short_most


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "has 6 x 6 pixels|36 pixels|pixels of the cube ice have data"),
        (("--lon", "-139.02"), "--lon and --lat go together"),
        (("--lon", "0", "--lat", "0"), "lon 0, lat 0 lies outside the cube ice"),
        (("--lon", "0", "--lat", "91"), "lat"),
        ((*PLACE, "--folds", "1"), "folds is 1"),
        ((*PLACE, "--pairs-datetime", "1990-01-01/1991-01-01"), "a holdout needs"),
    ],
)
def test_what_cannot_be_scored_is_said(ogive, cube, arguments, told):
    ran = ogive("score", "holdout", "--cube", cube, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert re.search(told, ran.err)
    assert ran.err.count("\n") == 1


def test_a_large_cube_is_not_searched_for_its_pixel(ogive, cube, monkeypatch):
    monkeypatch.setattr("service.cli.score.SEARCHED_PIXELS", 35)
    ran = ogive("score", "holdout", "--cube", cube)
    assert ran.err == "ogive: The cube ice has 6 x 6 pixels; name one by --lon and --lat.\n"


@pytest.mark.real_data
@pytest.mark.skipif("OGIVE_TEST_DATA" not in os.environ, reason="OGIVE_TEST_DATA names no real input")
def test_jakobshavn_is_scored_as_its_one_pixel_with_data(ogive):
    cube = Path(os.environ["OGIVE_TEST_DATA"], "jakobshavn", "jakobshavn_69.1117N_49.4604W_3x3.zarr")
    ran = ogive("score", "holdout", "--cube", str(cube), "--pairs-datetime", "2014-06-01/..")
    assert ran.code == 0, ran.err
    assert "row 1, column 1\n2101 of 4225 pairs kept" in ran.out
    median, most = figures(ran.out)["path between dates"][2:]
    # No worse than the plain closure of the method's description (221 and 538), and of its size.
    assert 190 < median < 1.02 * 221
    assert 450 < most < 1.02 * 538
