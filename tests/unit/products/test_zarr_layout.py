import json
import math
import random

import numpy as np
import pytest
import xarray as xr
import zarr
from pyproj import CRS

from workers.errors import StoreNotWritable
from workers.products import keys, manifest, zarr_layout
from workers.products.documents import digest
from workers.products.store import ProductStore


@pytest.fixture
def bytes_of():
    def read(store, spec):
        return store.read_all(keys.group(spec.id))

    return read


def metadata(store, spec, name=""):
    return json.loads(store.read("/".join(filter(None, [keys.group(spec.id), name, "zarr.json"]))))


def test_xarray_reads_back_every_value(store, spec, cube, written):
    product = xr.open_zarr(store.location(keys.group(spec.id)), consolidated=True)
    assert product.sizes == {"time": 4, "y": 90, "x": 50, "bnds": 2}
    for name, values in cube.items():
        np.testing.assert_array_equal(product[name].values, values)
        assert product[name].dtype == values.dtype


def test_coordinates_are_cell_centres_and_middles_of_windows(store, spec, written):
    product = xr.open_zarr(store.location(keys.group(spec.id)), consolidated=True)
    assert (product.x.values[0], product.y.values[0]) == spec.grid.centre(0, 0)
    assert (product.x.values[-1], product.y.values[-1]) == spec.grid.centre(89, 49)
    assert list(product.time.values.astype("datetime64[h]").astype(str)[:3]) == [
        "2019-12-16T12",
        "2020-01-16T12",
        "2020-02-15T12",
    ]
    assert product.time_bnds.values[2].astype("datetime64[D]").astype(str).tolist() == [
        "2020-02-01",
        "2020-03-01",
    ]


def test_crs_is_stated_for_cf_gdal_and_zarr_readers(store, spec, written):
    product = xr.open_zarr(store.location(keys.group(spec.id)), consolidated=True)
    assert product.depth.attrs["grid_mapping"] == "spatial_ref"
    assert CRS.from_cf(product.spatial_ref.attrs) == CRS.from_epsg(32607)
    assert product.spatial_ref.attrs["GeoTransform"] == "602992.5 120.0 0.0 6742027.5 0.0 -120.0"
    assert product.attrs["proj:code"] == "EPSG:32607"
    assert product.attrs["spatial:bbox"] == [602992.5, 6731227.5, 608992.5, 6742027.5]


def test_array_metadata_is_that_of_the_conventions(store, spec, written):
    depth = metadata(store, spec, "depth")
    assert depth["shape"] == [4, 90, 50]
    assert depth["dimension_names"] == ["time", "y", "x"]
    assert depth["fill_value"] == "NaN"
    assert depth["chunk_grid"]["configuration"]["chunk_shape"] == [4, 40, 40]
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    assert depth["codecs"] == [
        {
            "name": "sharding_indexed",
            "configuration": {
                "chunk_shape": [4, 20, 20],
                "codecs": [little, {"name": "zstd", "configuration": {"level": 3, "checksum": False}}],
                "index_codecs": [little, {"name": "crc32c"}],
                "index_location": "end",
            },
        }
    ]
    assert depth["attributes"] == {
        "standard_name": "surface_snow_thickness",
        "long_name": "depth of snow",
        "units": "m",
        "grid_mapping": "spatial_ref",
        "coordinates": "spatial_ref",
    }
    mask = metadata(store, spec, "mask")
    assert (mask["fill_value"], mask["attributes"]["flag_masks"]) == (0, [1, 2])
    height = metadata(store, spec, "height")
    assert height["dimension_names"] == ["y", "x"]
    assert height["chunk_grid"]["configuration"]["chunk_shape"] == [40, 40]
    for name in ("time", "time_bnds", "x", "y"):
        coordinate = metadata(store, spec, name)
        assert coordinate["chunk_grid"]["configuration"]["chunk_shape"] == coordinate["shape"]


def test_group_describes_place_and_time_without_a_clock(store, spec, written):
    attributes = metadata(store, spec)["attributes"]
    assert attributes["Conventions"] == "CF-1.11, ACDD-1.3"
    assert attributes["time_coverage_start"] == "2019-12-01T00:00:00Z"
    assert attributes["time_coverage_end"] == "2020-04-01T00:00:00Z"
    assert attributes["time_coverage_resolution"] == "P1M"
    assert -139.2 < attributes["geospatial_lon_min"] < attributes["geospatial_lon_max"] < -138.9
    assert 60.6 < attributes["geospatial_lat_min"] < attributes["geospatial_lat_max"] < 60.9
    assert attributes["method"] == "guess"
    assert not {"date_created", "history"} & set(attributes)


def test_same_bytes_whatever_the_order_of_shards_and_the_store(
    tmp_path, store, spec, corners, part, receipt_of, written, bytes_of
):
    other = ProductStore(str(tmp_path / "other"))
    zarr_layout.create(other, spec)
    made = []
    for shard in random.Random(3).sample(range(len(corners)), len(corners)):
        made.append(
            receipt_of(shard, zarr_layout.write_shard(other, spec, *corners[shard], part(*corners[shard])))
        )
    again = zarr_layout.finalise(other, spec, made)
    assert bytes_of(other, spec) == bytes_of(store, spec)
    assert again.encode() == written.encode()


def test_nan_of_any_bit_pattern_gives_the_same_shard(store, spec, part):
    plain = part(80, 40)
    odd = {name: values.copy() for name, values in plain.items()}
    odd["height"][0, 0], plain["height"] = np.nan, plain["height"].copy()
    plain["height"][0, 0] = np.array([0xFFC12345], "uint32").view("float32")[0]
    first = zarr_layout.write_shard(store, spec, 80, 40, plain)
    assert zarr_layout.write_shard(store, spec, 80, 40, odd) == first


def test_every_step_may_be_repeated(store, spec, part, receipt_of, written, bytes_of):
    before = bytes_of(store, spec)
    zarr_layout.create(store, spec)
    objects = zarr_layout.write_shard(store, spec, 0, 40, part(0, 40))
    assert bytes_of(store, spec) == before
    assert all(written.objects[key] == found for key, found in objects.items())


def test_digests_are_those_of_the_stored_bytes(store, spec, written, bytes_of):
    prefix = keys.group(spec.id) + "/"
    assert dict(written.objects) == {
        key.removeprefix(prefix): digest(data) for key, data in bytes_of(store, spec).items()
    }
    assert manifest.load(store, spec.id) == written


def test_shard_of_fill_value_is_not_written(store, spec, written):
    assert "depth/c/0/2/1" not in written.objects
    assert "mask/c/0/2/1" in written.objects
    assert not store.exists(f"{keys.group(spec.id)}/depth/c/0/2/1")


def test_point_read_touches_one_inner_chunk(store, spec, written):
    """A series is the index of its shard and one chunk of 20 x 20 cells, not the shard."""
    sharded = zarr.open_array(store.location(f"{keys.group(spec.id)}/depth"), mode="r")
    assert sharded.chunks == (4, 20, 20)
    assert sharded.shards == (4, 40, 40)
    assert np.isfinite(sharded[:, 3, 3]).all()


def test_a_product_can_be_opened_while_it_grows(store, spec, corners, part):
    zarr_layout.create(store, spec)
    location = store.location(keys.group(spec.id))
    assert not xr.open_zarr(location, consolidated=True).depth.notnull().any()
    row, column = corners[0]
    zarr_layout.write_shard(store, spec, row, column, part(row, column))
    assert xr.open_zarr(location, consolidated=True).depth.notnull().any()


def test_consolidated_metadata_holds_every_array(store, spec, written):
    held = metadata(store, spec)["consolidated_metadata"]["metadata"]
    assert set(held) == {"depth", "mask", "height", "time", "time_bnds", "x", "y", "spatial_ref"}


def test_another_product_of_the_same_id_is_refused(store, spec, written):
    changed = type(spec)(**{name: getattr(spec, name) for name in spec.__slots__} | {"title": "Hail"})
    with pytest.raises(StoreNotWritable, match=r"another request .* zarr.json differs"):
        zarr_layout.create(store, changed)


def test_finalise_needs_every_shard_once(store, spec, corners, part, receipt_of):
    zarr_layout.create(store, spec)
    made = [
        receipt_of(shard, zarr_layout.write_shard(store, spec, *corner, part(*corner)))
        for shard, corner in enumerate(corners)
    ]
    for wrong in (made[:-1], [*made, made[0]], []):
        with pytest.raises(ValueError, match="has 6 shards, but"):
            zarr_layout.finalise(store, spec, wrong)
    assert not store.exists(keys.manifest(spec.id))


@pytest.mark.parametrize(
    ("row", "column", "change"),
    [
        (10, 0, {}),
        (0, 80, {}),
        (-40, 0, {}),
        (0, 0, {"depth": np.zeros((4, 40, 39), "float32")}),
        (0, 0, {"depth": np.zeros((4, 40, 40), "float64")}),
        (0, 0, {"height": np.zeros((4, 40, 40), "float32")}),
    ],
)
def test_arrays_of_no_shard_are_refused(store, spec, part, row, column, change):
    with pytest.raises(ValueError, match="shards start at multiples of 40"):
        zarr_layout.write_shard(store, spec, row, column, part(0, 0) | change)


def test_missing_variable_is_refused(store, spec, part):
    arrays = part(0, 0)
    del arrays["mask"]
    with pytest.raises(ValueError, match=r"needs .*mask"):
        zarr_layout.write_shard(store, spec, 0, 0, arrays)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 50), (41, 1)])
def test_narrow_products(store, spec, receipt_of, height, width):
    fields = {name: getattr(spec, name) for name in spec.__slots__}
    narrow = type(spec)(**fields | {"grid": spec.grid.window(0, 0, height, width)})
    zarr_layout.create(store, narrow)
    made = []
    for row in range(0, height, 40):
        for column in range(0, width, 40):
            shape = min(40, height - row), min(40, width - column)
            arrays = {
                "depth": np.full((4, *shape), 1.5, "float32"),
                "mask": np.full((4, *shape), 2, "uint8"),
                "height": np.full(shape, math.pi, "float32"),
            }
            made.append(receipt_of(len(made), zarr_layout.write_shard(store, narrow, row, column, arrays)))
    zarr_layout.finalise(store, narrow, made)
    product = xr.open_zarr(store.location(keys.group(narrow.id)), consolidated=True)
    assert product.depth.shape == (4, height, width)
    assert (product.depth == 1.5).all()
    assert (product.mask == 2).all()
