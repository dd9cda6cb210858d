"""A region in this process: its pixels are points, whatever way the work is cut, ordered or disturbed."""

from __future__ import annotations

import json

import numpy as np
import pystac
import pytest
import xarray as xr

from tests.conformance.stac_schemas import breaches
from tests.e2e.making import CREATED, SPEC, box, halves, plan, publish, stored
from workers import tasks
from workers.errors import CubeChanged, InvalidRequest, NoCube, StoreUnavailable, TooLarge
from workers.plan import CubeSource, Limits
from workers.products import keys, manifest
from workers.products.store import ProductStore
from workers.regions import to_grid
from workers.velocity import process
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series
from workers.velocity.series import Flag
from workers.velocity.variables import MAP_VARIABLES, SERIES_VARIABLES


@pytest.fixture(scope="module")
def source(cube):
    return CubeSource(cubes=(str(cube),))


@pytest.fixture(scope="module")
def region(source):
    return plan(source, box(3, 2, 52, 50))


@pytest.fixture(scope="module")
def product(region, tmp_path_factory):
    folder = tmp_path_factory.mktemp("products")
    return folder, publish(region, folder)


def place(row, column):
    """The centre of a pixel of the cube, degrees."""
    return to_grid(SPEC.epsg).transform(*SPEC.grid.centre(row, column), direction="INVERSE")


def assert_same_pixel(dataset, row, column, series):
    for name in SERIES_VARIABLES:
        expected = dataset[name].values[:, row, column]
        assert expected.tobytes() == getattr(series, name).tobytes(), name
    for name in MAP_VARIABLES:
        assert dataset[name].values[row, column].tobytes() == getattr(series, name).tobytes(), name


def test_the_region_is_snapped_to_whole_chunks(region):
    assert SPEC.grid.offset(region.grid) == (0, 0)
    assert (region.grid.height, region.grid.width) == (60, 57)
    assert len(region.shards) == 4
    assert [(s.height, s.width) for s in region.shards] == [(40, 40), (40, 17), (20, 40), (20, 17)]


def test_a_point_is_the_products_pixel_bit_for_bit(source, product):
    _, dataset = product
    solved = np.argwhere(np.isfinite(dataset["vvc"].values))
    draw = np.random.default_rng(0)
    edges = [(0, 0), (39, 39), (39, 40), (40, 39), (40, 40), (59, 56), (9, 10)]
    chosen = [*edges, *map(tuple, solved[draw.integers(0, len(solved), 12)])]
    with_data = 0
    for row, column in chosen:
        answer = point_series(source, *place(row, column), VelocityParameters())
        assert_same_pixel(dataset, row, column, answer.series)
        with_data += answer.series.used > 0
    assert with_data >= 12


def test_another_cut_of_the_region_gives_the_same_pixels(source, product, tmp_path):
    _, whole = product
    part = publish(plan(source, box(22, 31, 17, 8)), tmp_path)
    top, left = 20, 30
    for name in (*SERIES_VARIABLES, *MAP_VARIABLES):
        height, width = part[name].shape[-2:]
        same = whole[name].values[..., top : top + height, left : left + width]
        assert same.tobytes() == part[name].values.tobytes(), name


def test_the_order_of_shards_leaves_no_trace(region, product, tmp_path):
    folder, _ = product
    publish(region, tmp_path, order=lambda shards: shards[::-1])
    assert stored(tmp_path) == stored(folder)


def test_a_seam_between_cubes_leaves_no_trace(cube, product, tmp_path):
    _, whole = product
    tiles = CubeSource(cubes=tuple(halves(cube, tmp_path, 30)))
    folder = tmp_path / "products"
    across = publish(plan(tiles, box(3, 2, 52, 50)), folder)
    for name in (*SERIES_VARIABLES, *MAP_VARIABLES):
        assert whole[name].values.tobytes() == across[name].values.tobytes(), name
    for column in (29, 30):
        answer = point_series(tiles, *place(12, column), VelocityParameters())
        assert_same_pixel(whole, 12, column, answer.series)


def test_a_finished_product_proves_itself(product, region):
    folder, _ = product
    store = ProductStore(str(folder))
    name = json.loads(next(folder.rglob("*.manifest.json")).read_bytes())["product"]
    assert manifest.verify(store, name) == []
    item = json.loads(store.read(keys.item(name)))
    pixels = item["properties"]["ogive:pixels"]
    assert pixels["requested"] == 60 * 57
    assert pixels["solved"] + pixels["no_data"] == pixels["requested"]
    assert pixels["failed"] == 0
    assert item["properties"]["ogive:vvc"]["median"] > 0.9


def test_the_item_is_valid_and_leads_through_a_folder_that_is_a_whole_catalog(product):
    folder, dataset = product
    path = next(folder.glob("v1/EPSG*/*.manifest.json"))
    item = json.loads(path.with_name(path.name.replace(".manifest", "")).read_text())
    assert breaches(item) == []
    read = pystac.Item.from_file(str(path.with_name(path.name.replace(".manifest", ""))))
    assert breaches(read.get_collection().to_dict(include_self_link=False)) == []
    opened = xr.open_zarr(read.assets["zarr"].get_absolute_href(), consolidated=True, mask_and_scale=False)
    assert opened["v"].values.tobytes() == dataset["v"].values.tobytes()
    assert {variable["name"] for variable in item["assets"]["zarr"]["bands"]} == set(opened.data_vars) - {
        "spatial_ref",
        "time_bnds",
    }


def test_a_truncated_chunk_costs_its_own_pixels_and_is_named(own_cube, product, tmp_path):
    _, whole = product
    chunk = own_cube / "vx" / "0.2.1"
    chunk.write_bytes(chunk.read_bytes()[:100])
    damaged = plan(CubeSource(cubes=(str(own_cube),)), box(3, 2, 52, 50))
    dataset = publish(damaged, tmp_path / "products")
    receipts = tasks.finished_shards(damaged, str(tmp_path / "products"))
    assert sum(r.pixels["failed"] for r in receipts.values()) == 100
    assert sum(r.blocks["failed"] for r in receipts.values()) >= 1
    assert any("vx/0.2.1" in problem for r in receipts.values() for problem in r.problems)
    lost = (slice(20, 30), slice(10, 20))
    assert np.isnan(dataset["v"].values[(slice(None), *lost)]).all()
    assert (dataset["quality_flag"].values[(slice(None), *lost)] == Flag.no_data).all()
    away = np.ones(dataset["vvc"].shape, bool)
    away[19:31, 9:21] = False
    for name in SERIES_VARIABLES:
        assert whole[name].values[:, away].tobytes() == dataset[name].values[:, away].tobytes(), (
            f"{name} away from the chunk"
        )


def test_a_cube_that_changes_under_a_job_stops_it(own_cube, tmp_path):
    source = CubeSource(cubes=(str(own_cube),))
    planned = plan(source, box(3, 2, 10, 10))
    products = str(tmp_path / "products")
    tasks.create_product(planned, products)
    tasks.publish_shard(planned, 0, products)
    tasks.discard_receipts(planned, products)
    metadata = own_cube / ".zmetadata"
    metadata.write_text(metadata.read_text().replace("meter/year", "metre/year"))
    with pytest.raises(CubeChanged, match="changed while it was read"):
        tasks.publish_shard(planned, 0, products)
    assert tasks.finished_shards(planned, products) == {}
    tasks.forget_cubes()
    process._opened.cache_clear()
    with pytest.raises(CubeChanged, match="changed after the job was planned"):
        tasks.publish_shard(planned, 0, products)
    again = plan(source, box(3, 2, 10, 10))
    assert again.request_sha256 != planned.request_sha256
    tasks.publish_shard(again, 0, products)


def test_what_is_whole_is_never_written_again(cube, tmp_path):
    """A service that stood still while another took over goes on where it was, and changes nothing."""
    planned, products = plan(CubeSource(cubes=(str(cube),)), box(3, 2, 10, 10)), str(tmp_path)
    publish(planned, tmp_path)
    whole = stored(tmp_path)
    item = tasks.finalise_product(planned, products, CREATED)
    tasks.discard_receipts(planned, products)
    tasks.create_product(planned, products)
    assert tasks.finalise_product(planned, products, "2027-01-01T00:00:00Z") == item
    assert stored(tmp_path) == whole


def test_a_product_whose_receipts_were_lost_is_not_published(cube, tmp_path):
    planned, products = plan(CubeSource(cubes=(str(cube),)), box(3, 2, 10, 10)), str(tmp_path)
    tasks.create_product(planned, products)
    with pytest.raises(StoreUnavailable, match="not whole"):
        tasks.finalise_product(planned, products, CREATED)
    assert not list(tmp_path.rglob("manifest*"))


def test_what_cannot_be_planned_says_why(source):
    with pytest.raises(NoCube, match=r"nearest is ITS_LIVE_vel_EPSG32607.* km away") as caught:
        plan(source, (7.0, 45.0, 7.1, 45.1))
    assert caught.value.distance_m > 1_000_000
    with pytest.raises(InvalidRequest, match="wholly inside"):
        plan(source, box(3, 2, 10, 10), datetime="1990-01-01/1991-01-01")
    with pytest.raises(InvalidRequest, match="EPSG:3413") as caught:
        plan(source, box(3, 2, 10, 10), grid="EPSG:3413")
    assert "EPSG:32607" in caught.value.message


def test_a_region_over_the_limit_is_split_into_boxes_that_fit(source):
    limits = Limits(max_pixels=900)
    bbox = list(box(0, 0, 64, 57))
    with pytest.raises(TooLarge) as caught:
        tasks.plan_job("velocity-cube", {"bbox": bbox}, source, limits)
    assert "3648 pixels" in caught.value.message
    assert len(caught.value.split) >= 5
    for part in caught.value.split:
        fitting = tasks.plan_job("velocity-cube", {"bbox": list(part)}, source, limits)
        assert fitting.grid.height * fitting.grid.width <= 900


def test_equal_requests_have_one_identity(source):
    one = plan(source, box(3, 2, 10, 10))
    assert (
        plan(source, box(3, 2, 10, 10), step="P30D", coefficient="auto").request_sha256 == one.request_sha256
    )
    assert plan(source, box(4, 3, 8, 8)).request_sha256 == one.request_sha256, "the same pixels"
    assert plan(source, box(3, 2, 10, 10), coefficient=30).request_sha256 != one.request_sha256
