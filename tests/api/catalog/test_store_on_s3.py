"""Products in a bucket, read through this service by machines that cannot reach the bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import s3fs
from moto.server import ThreadedMotoServer

from service.routes import store as store_routes
from workers.products.store import ProductStore

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def bucket() -> Iterator[ProductStore]:
    """A store in a bucket of an S3 server in this process."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {"endpoint_url": f"http://{host}:{port}", "key": "key", "secret": "secret"}
    s3fs.S3FileSystem(**options).mkdir("served")
    yield ProductStore("s3://served/root", options)
    server.stop()


async def test_a_product_in_a_bucket_is_served_like_one_in_a_folder(
    app, client, catalog, workshop, bucket
) -> None:
    item = type(workshop)(bucket).publish(0)
    await catalog.add(item)
    app.dependency_overrides[store_routes.products] = lambda: bucket
    served = (await client.get(f"/collections/ogive-velocity/items/{item['id']}")).json()
    zarr = served["assets"]["zarr"]
    assert zarr["href"] == f"s3://served/root/v1/EPSG32607/{item['id']}.zarr"
    here = zarr["alternate"]["http"]["href"]
    whole = bucket.object(item["id"], "vx/c/0/0/0").read()
    answer = await client.get(f"{here}/vx/c/0/0/0")
    assert (answer.status_code, answer.content) == (200, whole)
    end = await client.get(f"{here}/vx/c/0/0/0", headers={"Range": "bytes=-24"})
    assert (end.status_code, end.content) == (206, whole[-24:])
    assert (await client.head(f"{here}/zarr.json")).headers["content-type"] == "application/json"
    assert (await client.get(f"{here}/vx/c/0/1/0")).status_code == 404
    listed = await client.get(served["assets"]["manifest"]["alternate"]["http"]["href"])
    assert listed.json()["objects"]["vx/c/0/0/0"]["size"] == len(whole)
    assert (await client.get(f"/store/{item['id']}.other.json")).status_code == 404


async def test_a_store_that_does_not_answer_is_told_as_unavailable(app, client, monkeypatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    app.state.settings = app.state.settings.model_copy(update={"products": "s3://gone/products"})
    product = "ogive_EPSG32607_X1_Y2_v1_00000000"
    for path in (f"/store/{product}.zarr/zarr.json", f"/store/{product}.manifest.json"):
        answer = await client.get(path)
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("/problems/store-unavailable")
        assert "retry-after" in answer.headers
        assert "s3://gone/products" in answer.json()["detail"]
