"""What is deleted once its time is over, and in which order."""

import datetime as dt
from types import SimpleNamespace

import pytest

from service import database, migrations
from service.jobs.controls import Controls, Order
from service.jobs.job import Status, now
from service.jobs.retention import sweep
from service.jobs.store import JobStore
from service.settings import Settings

pytestmark = pytest.mark.anyio
ORDER = Order("velocity-cube", {}, Controls(), {"inputs": {}}, "http://ogive.test")
PAST, FUTURE = dt.timedelta(seconds=-1), dt.timedelta(days=1)


@pytest.fixture
async def house(database_url):
    engine = database.connect(database_url)
    jobs, done = JobStore(engine), []
    await migrations.upgrade(engine)

    async def remove(item):
        done.append(("catalog", item))

    async def call(task, product, products):
        done.append(("store", product))

    yield SimpleNamespace(
        jobs=jobs,
        done=done,
        catalog=SimpleNamespace(remove=remove),
        cluster=SimpleNamespace(call=call),
        tasks=SimpleNamespace(delete_product=None),
        settings=SimpleNamespace(products="there"),
    )
    await engine.dispose()


async def made(house, plan, status=Status.successful, age=PAST, product="p"):
    job, _ = await house.jobs.accept(ORDER, plan)
    await house.jobs.change(job.id, status=status, product=product, item=product, expires=now() + age)
    return job


async def test_what_has_expired_goes_and_the_item_first(house, make_plan):
    await made(house, make_plan(), product="old")
    kept = await made(house, make_plan(sha256="cd" * 32), age=FUTURE, product="young")
    await made(house, make_plan(sha256="ef" * 32), Status.failed, product="broken")
    assert await sweep(house) == ["old", "broken"]
    assert house.done[:2] == [("catalog", "old"), ("store", "old")]
    assert [job.id for job in (await house.jobs.page(9))[0]] == [kept.id]
    assert await sweep(house) == []
    again, plan = await house.jobs.accept(ORDER, make_plan())
    assert (again.version, plan.predecessor) == (2, None)


async def test_what_a_later_attempt_works_on_stays(house, make_plan):
    await made(house, make_plan(), Status.failed)
    await made(house, make_plan(), Status.successful, age=FUTURE)
    assert await sweep(house) == []


async def test_a_sweep_that_is_broken_off_is_done_again(house, make_plan):
    await made(house, make_plan())

    async def fail(task, product, products):
        raise OSError("gone")

    call, house.cluster.call = house.cluster.call, fail
    with pytest.raises(OSError):
        await sweep(house)
    house.cluster.call = call
    assert await sweep(house) == ["p"]


def test_products_are_kept_for_good_unless_told_otherwise(tmp_path):
    assert Settings(data=tmp_path).expiry(now()) is None
    assert Settings(data=tmp_path, retention_days=90).expiry(dt.datetime(2026, 1, 1)) == dt.datetime(
        2026, 4, 1
    )
