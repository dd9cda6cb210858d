from pathlib import Path

import numpy as np
import pytest
import zarr

from workers.cubes.cube import open_cube
from workers.cubes.reference import Access
from workers.errors import InvalidRequest, StoreNotWritable
from workers.synthetic import SyntheticCube, Truth, cube_path, pixel_pairs, truth_path, write_cube

SMALL = SyntheticCube(pairs=30, height=12, width=11)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (11, 15), (9, 10), (22, 30)])
def test_the_reader_finds_the_very_pairs_that_one_pixel_in_memory_has(cube, surging, row, column):
    opened = open_cube(str(cube), Access())
    assert opened.grid == surging.grid
    read, (table, vx, vy, _) = opened.table(), pixel_pairs(surging, row, column)
    for name in ("day1", "day2", "error_x", "error_y", "sensor", "order"):
        np.testing.assert_array_equal(getattr(read, name), getattr(table, name))
    assert read.sensors == table.sensors
    block = opened.read(row, column, 1, 1)
    np.testing.assert_array_equal(block.vx[0, 0], vx)
    np.testing.assert_array_equal(block.vy[0, 0], vy)


def test_the_truth_lies_beside_the_cube_and_is_that_of_its_pixels(cube, surging):
    truth = Truth.read(truth_path(str(cube)))
    for row, column in [(0, 0), (11, 15), (22, 30)]:
        alone = pixel_pairs(surging, row, column)[3]
        for mine, theirs in zip(
            truth.window_means(row, column, [17000, 18000], [17030, 18365]),
            alone.window_means(0, 0, [17000, 18000], [17030, 18365]),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, theirs)
    attributes = zarr.open_group(truth_path(str(cube)), mode="r").attrs
    assert attributes["cube"] == cube.name
    assert attributes["specification"] == surging.record()


def test_long_records_go_into_several_chunks_of_layers(tmp_path):
    spec = SyntheticCube(pairs=20_050, height=1, width=2, years=9.0)
    path = Path(write_cube(str(tmp_path / "long.zarr"), spec))
    assert {file.name for file in (path / "vx").glob("[0-9]*")} == {"0.0.0", "1.0.0"}
    assert {file.name for file in (path / "va").glob("[0-9]*")} == {"0.0.0", "1.0.0"}
    table, vx, _, _ = pixel_pairs(spec, 0, 1)
    stored = zarr.open_group(path, mode="r")["vx"][:, 0, 1].astype(np.float32)
    stored[stored == -32767] = np.nan
    np.testing.assert_array_equal(stored[table.order], vx)
    assert not np.isnan(stored[20_000:]).all()


def test_equal_specifications_give_equal_cubes(tmp_path):
    first = Path(write_cube(str(tmp_path / "a" / "same.zarr"), SMALL))
    second = Path(write_cube(str(tmp_path / "b" / "same.zarr"), SMALL))
    assert (first / ".zmetadata").read_bytes() == (second / ".zmetadata").read_bytes()
    one, two = (zarr.open_group(path, mode="r") for path in (first, second))
    for name, array in one.arrays():
        np.testing.assert_array_equal(array[...], two[name][...], err_msg=name)


def test_another_seed_gives_other_values_of_the_same_ice(tmp_path):
    other = SyntheticCube(pairs=30, height=12, width=11, seed=1)
    one, two = (zarr.open_group(write_cube(str(tmp_path / f"{s.seed}.zarr"), s)) for s in (SMALL, other))
    assert (one["vx"][...] != two["vx"][...]).any()
    np.testing.assert_array_equal(
        Truth.read(truth_path(str(tmp_path / "0.zarr"))).mean,
        Truth.read(truth_path(str(tmp_path / "1.zarr"))).mean,
    )


def test_a_folder_gets_a_cube_of_its_live_s_name_and_progress_is_told(tmp_path):
    told = []
    path = write_cube(str(tmp_path), SMALL, lambda done, total: told.append((done, total)))
    assert path == cube_path(str(tmp_path), SMALL) == str(tmp_path / f"{SMALL.name}.zarr")
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_given_name_is_kept():
    assert cube_path("some/where/x.zarr/", SMALL) == "some/where/x.zarr"


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (7, 1)])
def test_cubes_of_one_row_or_column_are_read_back(tmp_path, height, width):
    spec = SyntheticCube(pairs=40, height=height, width=width, dropout=0.0)
    opened = open_cube(write_cube(str(tmp_path), spec), Access())
    block = opened.read(0, 0, height, width)
    assert np.isfinite(block.vx[height // 2, width // 2]).all()


def test_nothing_is_overwritten(cube, surging):
    with pytest.raises(InvalidRequest, match=rf"{cube.name} exists already"):
        write_cube(str(cube.parent), surging)


def test_urls_are_refused():
    with pytest.raises(InvalidRequest, match="local paths"):
        write_cube("s3://bucket/x.zarr", SMALL)


def test_a_file_system_that_refuses_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotWritable, match="cannot be written"):
        write_cube(str(tmp_path / "file" / "x.zarr"), SMALL)


def test_a_cube_left_unfinished_has_no_consolidated_metadata(tmp_path):
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "half.zarr"
    with pytest.raises(KeyboardInterrupt):
        write_cube(str(path), SMALL, interrupt)
    assert path.exists()
    assert not (path / ".zmetadata").exists()


def test_a_pixel_outside_is_refused():
    with pytest.raises(InvalidRequest, match="12 x 11"):
        pixel_pairs(SMALL, 12, 0)
