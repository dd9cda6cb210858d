"""A cube answers with its pairs in canonical order, whatever way it is stored."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

from workers.cubes.cube import open_cube
from workers.cubes.reference import Access, CubeReference
from workers.errors import ChunkUnreadable, CubeInvalid, SourceUnavailable
from workers.regions import to_grid

ACCESS = Access()


def check(cube, truth):
    table = cube.table()
    np.testing.assert_array_equal(table.day1, truth["day1"])
    np.testing.assert_array_equal(table.day2, truth["day2"])
    np.testing.assert_array_equal(table.order, truth["order"])
    np.testing.assert_array_equal(table.error_x, truth["error_x"])
    assert [table.sensors[code] for code in table.sensor] == truth["sensor"].tolist()
    height, width = cube.grid.height, cube.grid.width
    for row, column, tall, wide in [(0, 0, height, width), (4, 3, 1, 1), (9, 8, 4, 4), (3, 0, 3, width)]:
        block = cube.read(row, column, tall, wide)
        window = np.s_[row : row + tall, column : column + wide]
        np.testing.assert_array_equal(block.vx, truth["vx"][window])
        np.testing.assert_array_equal(block.vy, truth["vy"][window])
        assert block.vx.dtype == np.float32
        assert block.vx.flags.c_contiguous


def test_zarr_2_as_its_live_writes_it(draft, expected, tmp_path):
    cube = open_cube(draft.zarr(tmp_path / "ITS_LIVE_vel.zarr"), ACCESS)
    check(cube, expected())
    assert (cube.id, cube.layers, cube.chunk) == ("ITS_LIVE_vel", 57, (5, 5))
    assert cube.last_modified == "2023-09-25T21:37:37Z"
    assert cube.record() == (expected()["day1"].min(), expected()["day2"].max())
    assert cube.reference.bounds == cube.grid.bounds


@pytest.mark.parametrize("consolidated", [True, False])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_metadata_may_be_consolidated_or_not(draft, expected, tmp_path, zarr_format, consolidated):
    check(open_cube(draft.zarr(tmp_path / "c.zarr", zarr_format, consolidated), ACCESS), expected())


def test_zarr_3_with_another_time_dimension_and_gps_seconds(draft, expected, tmp_path):
    truth = expected()
    for name, stored in draft.variables.items():
        stored.dimensions = tuple("time" if d == "mid_date" else d for d in stored.dimensions)
        if name.startswith("acquisition"):
            days = stored.values - 3657
            stored.values = np.round(days * 86_400)
            stored.attributes = {"units": "seconds since 1980-01-06T00:00:00"}
        stored.fill = "" if stored.values.dtype.kind == "U" else 0
        if name.endswith("_error"):
            stored.attributes = {**stored.attributes, "_FillValue": "AAAAAMD/38A="}
    check(open_cube(draft.zarr(tmp_path / "c.zarr", 3), ACCESS), truth)


def test_netcdf(draft, expected, tmp_path):
    for name in ("vx_error", "vy_error"):
        draft.variables[name].attributes["_FillValue"] = np.float32(-32767)
    cube = open_cube(draft.netcdf(tmp_path / "cut.nc"), ACCESS)
    check(cube, expected())
    assert cube.chunk == (5, 5)


def test_chunks_longer_than_the_array(draft, expected, tmp_path):
    for name in ("vx", "vy"):
        draft.variables[name].chunks = (20_000, 40, 40)
    cube = open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)
    assert cube.chunk == (13, 12)
    check(cube, expected())


def test_sharded_zarr_3_is_read_by_its_inner_chunks(draft, expected, tmp_path):
    path = draft.zarr(tmp_path / "c.zarr", 3, consolidated=False)
    group = zarr.open_group(path, mode="a")
    for name in ("vx", "vy"):
        stored = draft.variables[name]
        del group[name]
        group.create_array(
            name,
            data=stored.values,
            chunks=(20, 5, 5),
            shards=(60, 10, 10),
            attributes=stored.attributes,
            dimension_names=stored.dimensions,
        )
    cube = open_cube(path, ACCESS)
    assert cube.chunk == (5, 5)
    check(cube, expected())


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_chunk_that_was_never_written_is_missing_not_zero(draft, tmp_path, zarr_format):
    for name in ("vx", "vy"):
        draft.variables[name].fill = None if zarr_format == 2 else 0
    path = Path(draft.zarr(tmp_path / "c.zarr", zarr_format))
    (path / "vx" / ("1.0.0" if zarr_format == 2 else "c/1/0/0")).unlink()
    cube = open_cube(str(path), ACCESS)
    block, order = cube.read(0, 0, 5, 5), cube.table().order
    lost = (order >= 20) & (order < 40)
    assert np.isnan(block.vx[:, :, lost]).all()
    assert np.isfinite(block.vx[:, :, ~lost]).any()
    assert np.isfinite(block.vy[:, :, lost]).any()


def test_dates_that_were_never_written_are_no_dates(draft, tmp_path):
    for image in (1, 2):
        draft.variables[f"acquisition_date_img{image}"].chunks = (20,)
        draft.variables[f"acquisition_date_img{image}"].fill = None
    path = Path(draft.zarr(tmp_path / "c.zarr"))
    (path / "acquisition_date_img2" / "1").unlink()
    cube = open_cube(str(path), ACCESS)
    assert (len(cube.table()), cube.layers) == (37, 57)


def test_saturated_values_are_kept_for_the_filter(draft, tmp_path):
    cube = open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)
    block = cube.read(0, 0, 1, 1)
    where = np.flatnonzero(cube.table().order == 8)
    assert (block.vx[0, 0, where], block.vy[0, 0, where]) == (32767, -28445)


def test_granule_urls_and_unused_variables_are_not_touched(draft, expected, tmp_path):
    path = Path(draft.zarr(tmp_path / "c.zarr"))
    for name in ("granule_url", "v", "mid_date"):
        shutil.rmtree(path / name)
    check(open_cube(str(path), ACCESS), expected())


def test_a_window_outside_the_grid_is_a_mistake_of_the_caller(draft, tmp_path):
    cube = open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)
    for window in [(-1, 0, 2, 2), (0, 11, 1, 2), (13, 0, 1, 1), (0, 0, 0, 1)]:
        with pytest.raises(ValueError, match="not inside"):
            cube.read(*window)


def test_a_place_is_looked_up_in_projected_coordinates(draft, tmp_path):
    cube = open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)
    x, y = cube.grid.centre(12, 0)
    lon, lat = to_grid(32607).transform(x, y, direction="INVERSE")
    row, column, found_x, found_y = cube.locate(lon, lat)
    assert (row, column) == (12, 0)
    assert np.hypot(found_x - x, found_y - y) < 1e-3
    assert cube.locate(lon - 0.01, lat) is None
    assert cube.locate(lon, -lat) is None
    assert cube.locate(lon + 180, 89.9) is None


def test_the_fingerprint_follows_the_metadata(draft, tmp_path):
    first = open_cube(draft.zarr(tmp_path / "a.zarr"), ACCESS)
    again = open_cube(draft.zarr(tmp_path / "b.zarr"), ACCESS)
    draft.attributes["date_updated"] = "26-Sep-2023 00:00:00"
    later = open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)
    assert first.fingerprint == again.fingerprint != later.fingerprint
    assert first.fingerprint.startswith("sha256:")


def test_a_catalog_entry_keeps_its_name_and_gets_the_true_edges(draft, tmp_path):
    path = draft.zarr(tmp_path / "c.zarr")
    entry = CubeReference("TILE", path, 32607, (5e5, 6.6e6, 6e5, 6.7e6), "http://stac/items/TILE")
    cube = open_cube(path, ACCESS, entry)
    assert (cube.id, cube.reference.item_href) == ("TILE", entry.item_href)
    assert cube.reference.bounds == cube.grid.bounds
    with pytest.raises(CubeInvalid, match=r"EPSG:32607.*EPSG:32608"):
        open_cube(path, ACCESS, CubeReference("TILE", path, 32608, entry.bounds))


@pytest.mark.parametrize("cut", [0, 3, 20, -1])
def test_a_truncated_chunk_is_named(draft, tmp_path, cut):
    path = Path(draft.zarr(tmp_path / "cube7.zarr"))
    chunk = path / "vy" / "2.1.2"
    chunk.write_bytes(chunk.read_bytes()[:cut])
    cube = open_cube(str(path), ACCESS)
    with pytest.raises(ChunkUnreadable, match=r"vy/2\.1\.2 of cube cube7") as caught:
        cube.read(0, 0, 13, 12)
    assert caught.value.chunk == "cube7/vy/2.1.2"
    cube.read(0, 0, 5, 12)


def test_a_truncated_column_of_dates_is_named(draft, tmp_path):
    path = Path(draft.zarr(tmp_path / "cube7.zarr"))
    (path / "acquisition_date_img1" / "0").write_bytes(b"\x02\x01")
    with pytest.raises(ChunkUnreadable) as caught:
        open_cube(str(path), ACCESS).table()
    assert caught.value.chunk == "cube7/acquisition_date_img1/0"


def test_a_truncated_netcdf_is_told(draft, tmp_path):
    path = Path(draft.netcdf(tmp_path / "cut.nc"))
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(CubeInvalid, match="NetCDF-4"):
        open_cube(str(path), ACCESS)


def test_stores_that_are_not_there(tmp_path):
    with pytest.raises(SourceUnavailable, match="folder does not exist"):
        open_cube(str(tmp_path / "no.zarr"), ACCESS)
    with pytest.raises(SourceUnavailable, match="file does not exist"):
        open_cube(str(tmp_path / "no.nc"), ACCESS)
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(SourceUnavailable, match=r"none of \.zmetadata") as caught:
        open_cube(str(tmp_path / "empty.zarr"), ACCESS)
    assert caught.value.upstream == "source-zarr"
    with pytest.raises(SourceUnavailable, match="s3://, http:// or https://"):
        open_cube("gs://bucket/cube.zarr", ACCESS)


def test_metadata_that_are_no_json(draft, tmp_path):
    path = Path(draft.zarr(tmp_path / "c.zarr"))
    whole = (path / ".zmetadata").read_text()
    (path / ".zmetadata").write_text(whole[:100])
    with pytest.raises(CubeInvalid, match="not JSON"):
        open_cube(str(path), ACCESS)
    broken = json.loads(whole)
    broken["metadata"]["vx/.zarray"]["compressor"] = {"id": "no-such-codec"}
    (path / ".zmetadata").write_text(json.dumps(broken))
    with pytest.raises(CubeInvalid, match="vx of cube c"):
        open_cube(str(path), ACCESS)


@pytest.mark.real_data
def test_a_single_granule_is_no_cube(real_data):
    granule = next((real_data / "granules").glob("LT05*.nc"))
    with pytest.raises(CubeInvalid, match="lacks acquisition_date_img1"):
        open_cube(str(granule), ACCESS)


@pytest.mark.real_data
def test_the_real_pixel_of_jakobshavn(real_data):
    cube = open_cube(str(next((real_data / "jakobshavn").glob("*_3x3.zarr"))), ACCESS)
    table, block = cube.table(), cube.read(0, 0, 3, 3)
    assert len(table) == cube.layers == 4225
    assert table.sensors == ("L5", "L7", "L8", "L9", "S1A", "S1B", "S2A", "S2B")
    assert (np.isfinite(block.vx).sum(axis=2) == [[0, 0, 0], [0, 4225, 0], [0, 0, 0]]).all()
    assert (block.vx[1, 1] == 32767).sum() + (block.vy[1, 1] == 32767).sum() <= 2
    assert (np.diff(table.day1) >= 0).all()
    assert (table.day1 <= table.day2).all()
    assert cube.locate(-49.4604, 69.1117)[:2] == (1, 1)
