"""A small product that has nothing to do with glaciers: 3 by 2 shards, the last ones cut."""

import datetime as dt
import shutil

import numpy as np
import pytest

from workers.calendar import day_of
from workers.cubes.grid import Grid
from workers.plan import ShardReceipt
from workers.products import documents, keys, receipts, zarr_layout
from workers.products.spec import ProductSpec, Variable
from workers.products.store import ProductStore
from workers.windows import Step, Windows

REQUEST = {"process": "snow", "inputs": {"step": "P1M"}}


@pytest.fixture(scope="session")
def spec():
    depth = Variable(
        "depth", ("time", "y", "x"), "float32", "data", "depth of snow", "m", "m", "surface_snow_thickness"
    )
    mask = Variable(
        "mask",
        ("time", "y", "x"),
        "uint8",
        "auxiliary",
        "bit field",
        "1",
        "1",
        attributes={"flag_masks": [1, 2], "flag_meanings": "cloud night"},
    )
    height = Variable("height", ("y", "x"), "float32", "auxiliary", "height of the ground", "m", "m")
    return ProductSpec(
        id="snow_EPSG32607_X603000_Y6742080_v1_ab12",
        collection="snow-depth",
        title="Snow",
        summary="Depth of snow by months.",
        grid=Grid(32607, 602992.5, 6742027.5, 120.0, 90, 50),
        windows=Windows.select(Step.parse("P1M"), day_of(dt.date(2019, 12, 1)), day_of(dt.date(2020, 4, 1))),
        variables=(depth, mask, height),
        version="1",
        request_sha256="ab12" * 16,
        attributes={"method": "guess"},
    )


@pytest.fixture(scope="session")
def cube(spec):
    """Values of every variable on the whole product; one corner has no data."""
    random = np.random.default_rng(7)
    depth = random.normal(2.0, 1.0, spec.shape).astype("float32")
    depth[:, 80:, 40:] = np.nan
    return {
        "depth": depth,
        "mask": random.integers(0, 4, spec.shape, "uint8"),
        "height": random.normal(900.0, 50.0, spec.shape[1:]).astype("float32"),
    }


@pytest.fixture
def store(tmp_path):
    return ProductStore(str(tmp_path / "data"))


@pytest.fixture(scope="session")
def corners(spec):
    """Row and column of each shard."""
    side = zarr_layout.SHARD
    return [
        (row, column)
        for row in range(0, spec.grid.height, side)
        for column in range(0, spec.grid.width, side)
    ]


@pytest.fixture(scope="session")
def part(cube):
    """The arrays of the shard at a row and column."""

    def cut(row, column):
        window = (..., slice(row, row + zarr_layout.SHARD), slice(column, column + zarr_layout.SHARD))
        return {name: values[window] for name, values in cube.items()}

    return cut


@pytest.fixture(scope="session")
def receipt_of():
    def make(shard, objects):
        return ShardReceipt(shard=shard, objects=objects, pixels={"requested": 9}, blocks={"total": 4})

    return make


@pytest.fixture(scope="session")
def finished(tmp_path_factory, spec, corners, part, receipt_of):
    """The folder and the manifest of the product as a job leaves it just before the item."""
    folder = tmp_path_factory.mktemp("finished")
    store = ProductStore(str(folder))
    documents.write(store, keys.request(spec.id), REQUEST)
    zarr_layout.create(store, spec)
    for shard, (row, column) in enumerate(corners):
        objects = zarr_layout.write_shard(store, spec, row, column, part(row, column))
        receipts.save(store, spec.id, receipt_of(shard, objects))
    return folder, zarr_layout.finalise(store, spec, receipts.load_all(store, spec.id).values())


@pytest.fixture
def written(store, finished):
    """The manifest of that product, and the test's own copy of it in the test's store."""
    folder, manifest = finished
    shutil.copytree(folder, store.location())
    return manifest
