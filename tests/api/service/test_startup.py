"""What a service finds when it starts: a store that takes no products, jobs that it cannot go on with."""

import pytest

from service import database, migrations
from service.app import create_app
from service.jobs.controls import Controls, Order
from service.jobs.store import JobStore
from workers import tasks
from workers.errors import StoreNotWritable
from workers.plan import Limits

pytestmark = pytest.mark.anyio


async def test_a_store_that_cannot_be_written_is_told_before_anything_starts(settings, tmp_path):
    (tmp_path / "file").write_text("a file where a folder should be")
    app = create_app(settings.model_copy(update={"products": str(tmp_path / "file" / "products")}))
    with pytest.raises(StoreNotWritable, match=r"file/products.*Not a directory"):
        async with app.router.lifespan_context(app):
            pass
    assert not hasattr(app.state, "cluster")


async def test_a_job_planned_by_another_version_fails_and_says_so(serve, settings, spot, ended):
    inputs = {"bbox": spot}
    plan = tasks.plan_job("velocity-cube", inputs, settings.source, Limits())
    engine = database.connect(settings.database)
    store = JobStore(engine)
    await migrations.upgrade(engine)
    order = Order("velocity-cube", inputs, Controls(), {"inputs": inputs}, "http://ogive.test")
    job, _ = await store.accept(order, plan)
    await store.change(job.id, plan="{}")
    await engine.dispose()
    with serve() as client:
        last = ended(client, f"/jobs/{job.id}")[-1]
        again = client.post("/processes/velocity-cube/execution", json={"inputs": inputs}).json()
    assert last["status"] == "failed"
    assert "another version of Ogive" in last["message"]
    assert again["reused"] is False
