"""The same product on every kind of store."""

import datetime as dt

import numpy as np
import pytest
import s3fs
import xarray as xr
from moto.server import ThreadedMotoServer

from workers.calendar import day_of
from workers.cubes.grid import Grid
from workers.errors import StoreNotWritable, StoreUnavailable
from workers.plan import ShardReceipt
from workers.products import keys, manifest, receipts, zarr_layout
from workers.products.reading import open_product
from workers.products.spec import ProductSpec, Variable
from workers.products.store import ProductStore
from workers.windows import Step, Windows

SPEC = ProductSpec(
    id="heat_EPSG3031_v1_77",
    collection="heat",
    title="Heat",
    summary="Heat of the ground.",
    grid=Grid(3031, 0.0, 1_000_000.0, 240.0, 12, 45),
    windows=Windows.select(Step.parse("P30D"), day_of(dt.date(2020, 1, 1)), day_of(dt.date(2020, 6, 1))),
    variables=(Variable("heat", ("time", "y", "x"), "float32", "data", "heat", "W/m2", "W m-2"),),
    version="1",
    request_sha256="77" * 32,
    attributes={},
)
VALUES = np.random.default_rng(2).normal(size=SPEC.shape).astype("float32")


@pytest.fixture(scope="module")
def s3():
    """Options of an S3 server in this process with one bucket, `products`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "key")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        options = {"endpoint_url": f"http://{host}:{port}"}
        s3fs.S3FileSystem(**options).mkdir("products")
        yield options
    server.stop()


@pytest.fixture(params=["local", "s3"])
def store(request, tmp_path):
    if request.param == "local":
        return ProductStore(str(tmp_path / "data"))
    return ProductStore("s3://products/root", request.getfixturevalue("s3"))


def write(store):
    zarr_layout.create(store, SPEC)
    for shard, column in enumerate((0, 40)):
        objects = zarr_layout.write_shard(
            store, SPEC, 0, column, {"heat": VALUES[:, :, column : column + 40]}
        )
        receipt = ShardReceipt(shard=shard, objects=objects, pixels={}, blocks={})
        receipts.save(store, SPEC.id, receipt)
    return zarr_layout.finalise(store, SPEC, receipts.load_all(store, SPEC.id).values())


def test_product_is_written_opened_verified_and_deleted(store):
    store.check_writable()
    write(store)
    options = dict(store.storage_options) if store.storage_options else None
    product = xr.open_zarr(store.location(keys.group(SPEC.id)), consolidated=True, storage_options=options)
    np.testing.assert_array_equal(product.heat.values, VALUES)
    assert manifest.verify(store, SPEC.id) == []

    store.write(f"{keys.group(SPEC.id)}/heat/c/0/0/1", b"spoiled")
    assert len(manifest.verify(store, SPEC.id)) == 1

    receipts.delete_all(store, SPEC.id)
    assert receipts.load_all(store, SPEC.id) == {}
    assert store.exists(keys.manifest(SPEC.id))
    store.delete(keys.group(SPEC.id))
    assert store.list(keys.group(SPEC.id)) == {}
    store.delete(keys.group(SPEC.id))


def test_every_store_holds_the_same_bytes(tmp_path, s3):
    local, remote = ProductStore(str(tmp_path)), ProductStore("s3://products/same", s3)
    assert write(local).encode() == write(remote).encode()
    assert local.read_all("products") == remote.read_all("products")


def test_ranges_and_missing_objects(store):
    write(store)
    found = store.object(SPEC.id, "heat/zarr.json")
    assert found.size == len(found.read())
    assert found.read(1, 4) == found.read()[1:4]
    assert found.read(found.size - 3) == found.read()[-3:]
    for key in ("heat", "heat/c/0/0/9", "../other.json"):
        with pytest.raises(FileNotFoundError):
            store.object(SPEC.id, key)
    with pytest.raises(FileNotFoundError):
        store.read("v1/nothing.json")


def test_a_finished_product_is_read_back_by_cells(store):
    write(store)
    product = open_product(store, SPEC.id)
    found = product.cells(["heat"], slice(0, 4), [11, 0], [3, 44])
    np.testing.assert_array_equal(found["heat"], VALUES[:4, [11, 0], [3, 44]])


def test_missing_bucket_is_named(s3):
    with pytest.raises(StoreNotWritable, match=r"s3://nowhere/root.*bucket does not exist"):
        ProductStore("s3://nowhere/root", s3).check_writable()


def test_server_that_does_not_answer_is_named(s3):
    options = {"endpoint_url": "http://127.0.0.1:9", "config_kwargs": {"retries": {"max_attempts": 0}}}
    store = ProductStore("s3://products", options)
    with pytest.raises(StoreNotWritable, match=r"s3://products.*127.0.0.1:9"):
        store.check_writable()
    for ask in (store.read, store.list, store.exists, lambda key: store.object(SPEC.id, key)):
        with pytest.raises(StoreUnavailable, match=r"s3://products.*127.0.0.1:9"):
            ask("zarr.json")
