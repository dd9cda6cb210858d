"""`ogive series`: every format of the registry, by its name or by that of the file."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from service.cli.options import Form, FormOrPlot
from service.formats import FORMATS
from workers.regions import to_grid
from workers.synthetic import SyntheticCube, write_cube

SPEC = SyntheticCube(pairs=80, height=6, width=6, years=1.0)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    cube = write_cube(str(tmp_path_factory.mktemp("series") / "ice.zarr"), SPEC)
    lon, lat = to_grid(SPEC.epsg).transform(*SPEC.grid.centre(3, 3), direction="INVERSE")
    return "series", "--cube", cube, f"--lon={lon}", f"--lat={lat}"


def test_the_formats_are_those_of_the_registry():
    assert set(get_args(Form)) == set(FORMATS) == set(get_args(FormOrPlot)) - {"plot"}


def test_every_format_is_what_the_registry_writes(ogive, words, tmp_path):
    document = json.loads(ogive(*words).out)
    for name, made in FORMATS.items():
        by_name, by_suffix = tmp_path / name, tmp_path / f"ice.{made.suffix}"
        assert ogive(*words, "-f", name, "-o", str(by_name)).code == 0
        assert ogive(*words, "-o", str(by_suffix)).code == 0
        assert by_name.read_bytes() == by_suffix.read_bytes()
        assert by_name.read_bytes().rstrip(b"\n") == made.write(document).rstrip(b"\n")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("-f", "parquet"), "parquet is no text to print; name a file by -o."),
        (("-f", "csv", "--observations"), "--observations: they are told in json alone."),
    ],
)
def test_what_a_format_cannot_do_is_told_in_one_line(ogive, words, more, told):
    ran = ogive(*words, *more)
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert ran.err.count("\n") == 1
