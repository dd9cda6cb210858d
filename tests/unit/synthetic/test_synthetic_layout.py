import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from pyproj import CRS, Transformer

from workers.synthetic import SyntheticCube, write_cube
from workers.synthetic.layout import COORDINATES, EMPTY, VARIABLES
from workers.synthetic.metadata import mapping_attributes

VELOCITY = {"id": "blosc", "cname": "zlib", "clevel": 2, "shuffle": 1, "blocksize": 0}
DEFAULT = {"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}


@pytest.fixture(scope="module")
def metadata(cube: Path) -> dict:
    return json.loads((cube / ".zmetadata").read_text())["metadata"]


def test_there_are_sixty_variables_and_three_coordinates(metadata):
    arrays = {key.removesuffix("/.zarray") for key in metadata if key.endswith(".zarray")}
    assert arrays == {layout.name for layout in VARIABLES + COORDINATES}
    assert len(VARIABLES) == 60
    assert arrays >= {"granule_url", "M11_dr_to_vr_factor", "va_stable_shift_slow", "sensor_img2", "landice"}
    assert metadata[".zgroup"] == {"zarr_format": 2}


@pytest.mark.parametrize(
    ("name", "dtype", "dimensions", "chunks", "fill", "missing", "compressor"),
    [
        ("vx", "<i2", ["mid_date", "y", "x"], [400, 10, 10], None, -32767, VELOCITY),
        ("v_error", "<i2", ["mid_date", "y", "x"], [400, 10, 10], None, -32767, VELOCITY),
        ("va", "<i2", ["mid_date", "y", "x"], [400, 10, 10], None, -32767, VELOCITY),
        ("chip_size_width", "<u2", ["mid_date", "y", "x"], [400, 10, 10], None, 0, DEFAULT),
        ("interp_mask", "|u1", ["mid_date", "y", "x"], [400, 10, 10], None, 0, DEFAULT),
        ("landice", "|u1", ["y", "x"], [23, 31], None, 255, VELOCITY),
        ("vx_error", "<f4", ["mid_date"], [400], -32767.0, None, VELOCITY),
        ("M12_dr_to_vr_factor", "<f4", ["mid_date"], [400], 0.0, None, VELOCITY),
        ("date_dt", "<f4", ["mid_date"], [400], "NaN", None, DEFAULT),
        ("mid_date", "<f8", ["mid_date"], [400], "NaN", None, DEFAULT),
        ("stable_shift_flag", "|u1", ["mid_date"], [400], None, None, DEFAULT),
        ("satellite_img2", "<U2", ["mid_date"], [400], None, None, DEFAULT),
        ("granule_url", "<U1024", ["mid_date"], [400], None, None, DEFAULT),
        ("mapping", "<U1", [], [], None, None, DEFAULT),
        ("y", "<f8", ["y"], [23], "NaN", None, VELOCITY),
    ],
)
def test_arrays_are_encoded_as_in_its_live(
    metadata, name, dtype, dimensions, chunks, fill, missing, compressor
):
    array, attributes = metadata[f"{name}/.zarray"], metadata[f"{name}/.zattrs"]
    assert array["dtype"] == dtype
    assert array["chunks"] == chunks
    assert array["fill_value"] == fill
    assert array["compressor"] == compressor
    assert array["filters"] is None
    assert attributes["_ARRAY_DIMENSIONS"] == dimensions
    assert attributes.get("missing_value") == missing
    assert ("grid_mapping" in attributes) == (dimensions in (["mid_date", "y", "x"], ["y", "x"]))


def test_every_chunk_object_exists(cube, metadata):
    for layout in VARIABLES + COORDINATES:
        array = metadata[f"{layout.name}/.zarray"]
        expected = np.prod([-(-n // c) for n, c in zip(array["shape"], array["chunks"], strict=True)])
        stored = [file for file in (cube / layout.name).iterdir() if not file.name.startswith(".")]
        assert len(stored) == expected, layout.name


def test_xarray_opens_it_and_decodes_times_and_missing_values(cube, surging):
    dataset = xr.open_zarr(cube, chunks=None, decode_timedelta=True)
    assert len(dataset.data_vars) == 60
    assert dict(dataset.sizes) == {"mid_date": 400, "y": 23, "x": 31}
    for name in EMPTY:
        assert np.isnan(dataset[name].values).all()
    assert np.isnan(dataset.va_error.values).all()
    assert np.isnan(dataset.vx_error_slow.values).all()
    np.testing.assert_array_equal(dataset.vx_error.values, dataset.vx_error_stationary.values)
    seen = ~np.isnan(dataset.vx.values)
    assert 0.3 < seen.mean() < 0.7
    speed = np.hypot(dataset.vx.values, dataset.vy.values)
    assert np.nanmax(np.abs(speed - dataset.v.values)) < 1.5
    np.testing.assert_array_equal(seen, ~np.isnan(dataset.chip_size_width.values))
    stated = np.broadcast_to(np.rint(dataset.vx_error.values)[:, None, None], seen.shape)
    np.testing.assert_array_equal(dataset.v_error.values[seen], stated[seen])
    assert (np.diff(dataset.x) == 120.0).all()
    assert (np.diff(dataset.y) == -120.0).all()
    assert set(np.unique(dataset.mission_img1.values)) == {"L", "S"}
    assert set(np.unique(dataset.satellite_img1.values)) == {"1A", "1B", "2A", "2B", "8"}
    assert set(np.unique(dataset.sensor_img1.values)) == {"C", "MSI"}
    assert set(np.unique(dataset.landice.values)) == {0.0, 1.0}


def test_mid_date_carries_the_date_of_the_first_image_in_its_microseconds(cube):
    dataset = xr.open_zarr(cube, chunks=None, decode_timedelta=True)
    first, second = (dataset[f"acquisition_date_img{image}"].values for image in (1, 2))
    token = np.array([int(f"{date:%y%m%d}") for date in first.astype("datetime64[s]").tolist()])
    expected = first + (second - first) / 2 + token.astype("timedelta64[us]")
    assert np.abs(dataset.mid_date.values - expected).max() <= np.timedelta64(2, "us")
    assert np.abs(dataset.date_center.values - (first + (second - first) / 2)).max() <= np.timedelta64(
        2, "us"
    )
    drift = np.abs(dataset.date_dt.values - (second - first))
    assert drift.max() < np.timedelta64(3, "s")


@pytest.mark.parametrize(("epsg", "lon", "lat"), [(32607, -139, 60.7), (32719, -73.5, -50), (3413, -49, 69)])
def test_the_mapping_tells_its_crs_in_every_way(epsg, lon, lat):
    grid = SyntheticCube(epsg=epsg, lon=lon, lat=lat).grid
    attributes = mapping_attributes(grid)
    assert CRS.from_wkt(attributes["crs_wkt"]).to_epsg() == epsg
    assert attributes["spatial_epsg"] == epsg
    here = Transformer.from_crs(4326, attributes["proj4text"], always_xy=True).transform(lon, lat)
    assert here == pytest.approx(Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat))
    left, _, _, top, *_ = map(float, attributes["GeoTransform"].split())
    assert (left, top) == (grid.left, grid.top)


def test_global_attributes_place_the_cube_and_say_that_it_is_synthetic(cube, surging):
    attributes = zarr.open_group(cube, mode="r").attrs
    assert attributes["author"] == "ITS_LIVE, a NASA MEaSUREs project (its-live.jpl.nasa.gov)"
    assert attributes["projection"] == "32607"
    assert "not an observation" in attributes["comment"]
    ring = np.array(json.loads(attributes["proj_polygon"]))
    assert ring.shape == (17, 2)
    xmin, ymin, xmax, ymax = surging.grid.bounds
    np.testing.assert_array_equal(ring.min(axis=0), [xmin, ymin])
    np.testing.assert_array_equal(ring.max(axis=0), [xmax, ymax])
    degrees = np.array(json.loads(attributes["geo_polygon"])).mean(axis=0)
    np.testing.assert_allclose(degrees, [surging.lon, surging.lat], atol=0.01)


@pytest.mark.real_data
@pytest.mark.skipif("OGIVE_TEST_DATA" not in os.environ, reason="OGIVE_TEST_DATA is not set")
def test_what_a_real_cube_states_is_stated_alike(tmp_path):
    (real,) = Path(os.environ["OGIVE_TEST_DATA"], "jakobshavn").glob("*.zarr")
    spec = SyntheticCube(pairs=20, height=3, width=3, epsg=3413, lon=-49.4604, lat=69.1117)
    path = Path(write_cube(str(tmp_path), spec))
    theirs, ours = (json.loads((cube / ".zmetadata").read_text())["metadata"] for cube in (real, path))
    own = {"shape", "chunks", "GeoTransform"}
    for key, values in theirs.items():
        if key == ".zattrs":
            continue
        skipped = own | ({"compressor"} if key in ("x/.zarray", "y/.zarray") else set())
        for name in values.keys() - skipped:
            assert ours[key].get(name) == values[name], (key, name)
