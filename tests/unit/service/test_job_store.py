import asyncio
import datetime as dt

import pytest

from service import database, migrations
from service.errors import IdempotencyConflict, NoSuchJob, TooManyJobs
from service.jobs.controls import Controls, Order
from service.jobs.job import Status, now
from service.jobs.listing import JobsQuery
from service.jobs.room import Room
from service.jobs.store import JobStore
from workers.errors import StoreNotWritable
from workers.plan import Plan

pytestmark = pytest.mark.anyio
REQUEST = {"inputs": {"bbox": [-50.0, 69.0, -49.0, 70.0]}}


def order(key=None, request=REQUEST, **controls):
    return Order("velocity-cube", {}, Controls(**controls), request, "http://ogive.test", key)


@pytest.fixture
async def store(database_url):
    engine = database.connect(database_url)
    await migrations.upgrade(engine)
    yield JobStore(engine)
    await engine.dispose()


async def test_a_new_job_is_accepted_with_its_plan(store, make_plan):
    job, plan = await store.accept(order(), make_plan(blocks=(4, 2)))
    assert (job.status, job.blocks_total, job.progress, job.version) == (Status.accepted, 6, 0, 1)
    assert job.request == REQUEST
    assert Plan.model_validate_json(await store.plan(job.id)) == plan
    assert await store.get(job.id) == job


async def test_an_equal_request_finds_the_live_or_successful_job(store, make_plan):
    first, _ = await store.accept(order(), make_plan())
    assert await store.accept(order(), make_plan()) == (first, None)
    await store.change(first.id, status=Status.successful, finished=now())
    again, plan = await store.accept(order(), make_plan())
    assert (again.id, plan) == (first.id, None)
    other, _ = await store.accept(order(), make_plan(sha256="cd" * 32))
    assert other.id != first.id


@pytest.mark.parametrize("end", [Status.failed, Status.dismissed])
async def test_after_a_failure_the_next_attempt_works_for_the_same_product(store, make_plan, end):
    first, _ = await store.accept(order(), make_plan())
    await store.change(first.id, status=end, expires=now())
    second, plan = await store.accept(order(), make_plan())
    assert second.id != first.id
    assert (second.version, second.attempt, plan.version) == (1, 2, 1)
    assert (await store.get(first.id)).expires is None  # what it left belongs to the second now


async def test_force_makes_the_next_version_and_names_the_one_before(store, make_plan):
    first, _ = await store.accept(order(), make_plan())
    await store.change(first.id, status=Status.successful, item="first")
    second, plan = await store.accept(order(force=True), make_plan())
    assert (second.version, second.attempt, plan.predecessor) == (2, 1, "first")
    assert await store.accept(order(), make_plan()) == (second, None)
    third, plan = await store.accept(order(force=True), make_plan())
    assert (third.version, plan.predecessor) == (3, "first")


async def test_an_expired_product_stands_for_no_request(store, make_plan):
    first, _ = await store.accept(order(), make_plan())
    await store.change(first.id, status=Status.successful, expires=now())
    second, plan = await store.accept(order(), make_plan())
    assert (second.version, plan.version) == (2, 2)


async def test_a_key_stands_for_one_request_for_a_day(store, make_plan, monkeypatch):
    first, _ = await store.accept(order("k"), make_plan())
    assert await store.replayed(order("k")) == first
    assert await store.replayed(order("other")) is None
    await store.change(first.id, status=Status.failed)
    assert (await store.accept(order("k"), make_plan()))[0].id == first.id
    with pytest.raises(IdempotencyConflict, match="'k'"):
        await store.accept(order("k", {"inputs": {}}), make_plan(sha256="cd" * 32))
    later = now() + dt.timedelta(hours=24, seconds=1)
    monkeypatch.setattr("service.jobs.accepting.now", lambda: later)
    assert (await store.accept(order("k", {"inputs": {}}), make_plan()))[0].attempt == 2


async def test_no_more_jobs_are_taken_than_may_wait(store, make_plan):
    first, _ = await store.accept(order(), make_plan(), room=Room(1, 0, 1, 1.0))
    with pytest.raises(TooManyJobs, match="1 jobs"):
        await store.accept(order(), make_plan(sha256="cd" * 32), room=Room(1, 0, 1, 1.0))
    assert await store.accept(order(), make_plan(), room=Room(1, 0, 1, 1.0)) == (first, None)
    await store.change(first.id, status=Status.failed)
    await store.accept(order(), make_plan(sha256="cd" * 32), room=Room(1, 0, 1, 1.0))


async def test_a_deadline_counts_from_the_arrival(store, make_plan):
    job, _ = await store.accept(order(deadline="PT2H", max_cpu_seconds=9), make_plan())
    assert (job.deadline - job.created, job.max_cpu_seconds) == (dt.timedelta(hours=2), 9)


async def test_a_dropped_job_is_gone_but_keeps_its_version(store, make_plan):
    first, _ = await store.accept(order(), make_plan())
    await store.change(first.id, status=Status.successful)
    await store.drop(first.id)
    with pytest.raises(NoSuchJob, match=first.id):
        await store.get(first.id)
    assert (await store.page(10))[0] == []
    second, plan = await store.accept(order(), make_plan())
    assert plan.version == 2
    assert [job.id for job in await store.live()] == [second.id]


async def test_equal_requests_at_the_same_moment_share_one_job(store, make_plan):
    found = await asyncio.gather(*(store.accept(order(), make_plan()) for _ in range(8)))
    assert len({job.id for job, _ in found}) == 1
    assert sum(plan is not None for _, plan in found) == 1


async def test_an_ended_job_does_not_change_any_more(store, make_plan):
    job, _ = await store.accept(order(), make_plan())
    assert await store.change(job.id, status=Status.dismissed)
    assert not await store.change(job.id, status=Status.successful)
    assert (await store.get(job.id)).status is Status.dismissed


async def test_pages_run_from_the_newest(store, make_plan):
    ids = []
    for k in range(5):
        job, _ = await store.accept(order(), make_plan(sha256=f"{k:064d}"))
        ids.insert(0, job.id)
    first, before = await store.page(2)
    late, _ = await store.accept(order(), make_plan(sha256="f" * 64))
    second, before = await store.page(2, before=before)
    third, end = await store.page(2, before=before)
    assert [job.id for job in first + second + third] == ids
    assert end is None
    assert (await store.page(1))[0][0].id == late.id


async def test_a_list_may_be_narrowed(store, make_plan):
    jobs = [(await store.accept(order(), make_plan(sha256=f"{k:064d}")))[0] for k in range(4)]
    waits, runs, short, long = (job.id for job in jobs)
    began = now() - dt.timedelta(seconds=100)
    for job_id in (runs, short, long):
        await store.change(job_id, status=Status.running, started=began)
    await store.change(short, status=Status.failed, finished=began + dt.timedelta(seconds=9))
    await store.change(long, status=Status.successful, finished=began + dt.timedelta(seconds=3600))

    async def found(**asked):
        return {job.id for job in (await store.page(9, JobsQuery(**asked).conditions))[0]}

    assert await found(status="failed, accepted") == {short, waits}
    assert await found(processID="velocity-cube") == {waits, runs, short, long}
    assert await found(processID="fusion") == set()
    assert await found(minDuration=60) == {runs, long}
    assert await found(maxDuration=60) == {short}
    assert await found(minDuration=9, maxDuration=1000) == {short, runs}
    assert await found(minDuration=1e300) == set()
    assert await found(datetime="2000-01-01T00:00:00Z/..") == {waits, runs, short, long}
    assert await found(datetime="../2000-01-01T00:00:00Z") == set()


async def test_progress_reaches_100_only_with_success(store, make_plan):
    job, _ = await store.accept(order(), make_plan(blocks=(4, 4)))
    await store.change(job.id, status=Status.running, blocks_done=3)
    assert (await store.get(job.id)).progress == 37
    await store.change(job.id, blocks_done=8)
    assert (await store.get(job.id)).progress == 99
    await store.change(job.id, status=Status.successful)
    assert (await store.get(job.id)).progress == 100


async def test_a_database_that_cannot_be_kept_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreNotWritable, match="OGIVE_DATA"):
        database.connect(f"sqlite+aiosqlite:///{tmp_path}/file/ogive.sqlite")
