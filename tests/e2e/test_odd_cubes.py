"""Cubes at the edge of what there can be: one row, one column, one pair, nothing at all."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from tests.e2e.making import plan, publish
from workers.errors import ChunkUnreadable, CubeInvalid, InvalidRequest, PairsUnsolvable, SourceUnavailable
from workers.linear.banded import NotPositiveDefinite
from workers.plan import CubeSource
from workers.regions import degrees, to_grid
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity import region
from workers.velocity.invert import invert_pixel
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series
from workers.velocity.process import compute_shard
from workers.velocity.series import Flag
from workers.velocity.variables import SERIES_VARIABLES


def made(folder, **changes):
    spec = SyntheticCube(**{"pairs": 60, "height": 12, "width": 11, "years": 1.5, "seed": 2, **changes})
    return spec, write_cube(str(folder / "cube.zarr"), spec)


def rewrite(cube, name, values):
    """Put other values into an array of a cube."""
    array = zarr.open_group(cube, mode="r+", zarr_format=2)[name]
    array[...] = values


def asked(spec, cube, **parameters):
    middle = spec.grid.centre(spec.height // 2, spec.width // 2)
    lon, lat = to_grid(spec.epsg).transform(*middle, direction="INVERSE")
    return point_series(CubeSource(cubes=(cube,)), lon, lat, VelocityParameters(**parameters))


@pytest.mark.parametrize("shape", [(1, 25), (25, 1), (1, 1)])
def test_a_single_row_or_column_is_a_region_and_has_points(tmp_path, shape):
    spec, cube = made(tmp_path, height=shape[0], width=shape[1])
    source = CubeSource(cubes=(cube,))
    planned = plan(source, degrees(spec.grid))
    assert (planned.grid.height, planned.grid.width) == shape
    product = publish(planned, tmp_path / "products")
    answer = asked(spec, cube)
    row, column = spec.grid.cell(answer.site.x, answer.site.y)
    for name in SERIES_VARIABLES:
        assert product[name].values[:, row, column].tobytes() == getattr(answer.series, name).tobytes()
    assert answer.series.used > 0


@pytest.mark.parametrize("pairs", [1, 2])
def test_one_or_two_pairs_make_a_series_that_says_how_little_it_knows(tmp_path, pairs):
    spec, cube = made(tmp_path, pairs=pairs, dropout=0.0, blunders=0.0)
    series = asked(spec, cube, step="P5D").series
    assert series.valid == series.used == pairs
    known = np.isfinite(series.v)
    assert known.any()
    assert (series.quality_flag[known] & Flag.low_count).all()
    assert (series.quality_flag[known] & Flag.short_step).all()


def test_a_pixel_without_any_pair_is_empty_and_flagged(tmp_path):
    spec, cube = made(tmp_path)
    rewrite(cube, "vx", np.int16(-32767))
    series = asked(spec, cube).series
    assert series.valid == series.used == 0
    assert np.isnan(series.v).all()
    assert (series.quality_flag == Flag.no_data).all()
    product = publish(plan(CubeSource(cubes=(cube,)), degrees(spec.grid)), tmp_path / "products")
    assert np.isnan(product["v"].values).all()


def test_identical_pairs_agree_with_one_of_them(tmp_path):
    spec, cube = made(tmp_path, pairs=40, dropout=0.0)
    group = zarr.open_group(cube, mode="r", zarr_format=2)
    for name in ("acquisition_date_img1", "acquisition_date_img2", "vx_error", "vy_error"):
        rewrite(cube, name, group[name][0])
    rewrite(cube, "vx", np.int16(120))
    rewrite(cube, "vy", np.int16(-50))
    series = asked(spec, cube, step="P5D").series
    known = np.isfinite(series.v)
    assert series.used == 40
    assert series.v[known] == pytest.approx(130.0, abs=0.01)


@pytest.mark.parametrize("error", [0.0, np.inf, np.nan, -32767.0])
def test_errors_that_say_nothing_weigh_all_pairs_alike(tmp_path, error):
    spec, cube = made(tmp_path, dropout=0.0, blunders=0.0)
    rewrite(cube, "vx_error", np.float32(error))
    rewrite(cube, "vy_error", np.float32(error))
    plain, weighted = asked(spec, cube).series, asked(spec, cube, error_weights=True).series
    assert np.isfinite(weighted.v).any()
    np.testing.assert_array_equal(weighted.v, plain.v)
    assert not np.isfinite(weighted.v_error).any(), "no error can be known"


def test_a_step_longer_than_the_record_is_refused_with_the_record(tmp_path):
    spec, cube = made(tmp_path, years=0.5)
    with pytest.raises(InvalidRequest, match=r"P1Y is longer than the record.*2015"):
        asked(spec, cube, step="P1Y")


def test_a_point_on_a_truncated_chunk_names_it(tmp_path):
    spec, cube = made(tmp_path)
    array = zarr.open_group(cube, mode="r", zarr_format=2)["vy"]
    for row in range(array.cdata_shape[1]):
        for column in range(array.cdata_shape[2]):
            chunk = tmp_path / "cube.zarr" / "vy" / f"0.{row}.{column}"
            chunk.write_bytes(chunk.read_bytes()[:60])
    with pytest.raises(ChunkUnreadable, match=r"vy/0\.\d\.\d") as caught:
        asked(spec, cube)
    assert "cube" in caught.value.chunk


def test_a_cube_without_a_needed_variable_names_it(tmp_path):
    spec, cube = made(tmp_path)
    metadata = tmp_path / "cube.zarr" / ".zmetadata"
    metadata.write_text(metadata.read_text().replace('"vy/', '"vz/'))
    with pytest.raises(CubeInvalid, match="vy"):
        asked(spec, cube)


def test_no_cube_where_one_was_named_is_told(tmp_path):
    spec = SyntheticCube(pairs=1, height=1, width=1)
    with pytest.raises(SourceUnavailable, match=r"nowhere\.zarr"):
        asked(spec, str(tmp_path / "nowhere.zarr"))


def test_a_pixel_without_a_solution_is_missing_and_named_and_ends_nothing(tmp_path, monkeypatch):
    spec, cube = made(tmp_path)
    calls = iter(range(spec.height * spec.width + 1))

    def rounded_away(*arguments):
        if next(calls) == 0:
            raise NotPositiveDefinite("Pivot 3 of 9 is not positive.")
        return invert_pixel(*arguments)

    monkeypatch.setattr(region, "invert_pixel", rounded_away)
    planned = plan(CubeSource(cubes=(cube,)), degrees(spec.grid))
    outcome = compute_shard(planned, 0, lambda state: None, lambda: None)
    assert outcome.pixels["failed"] == 1
    assert np.isnan(outcome.arrays["v"][:, 0, 0]).all()
    assert np.isfinite(outcome.arrays["v"][:, 0, 1]).any()
    x, y = spec.grid.centre(0, 0)
    assert f"x {x:.0f}, y {y:.0f}" in outcome.problems[0]
    calls = iter([0])
    with pytest.raises(PairsUnsolvable, match="another coefficient"):
        asked(spec, cube)
