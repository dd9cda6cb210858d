import asyncio

import pytest

from service import database
from service.errors import NoSuchJob
from service.jobs.job import Status, now
from service.jobs.store import JobStore
from workers.errors import StoreNotWritable
from workers.plan import Plan

pytestmark = pytest.mark.anyio
REQUEST = {"inputs": {"bbox": [-50.0, 69.0, -49.0, 70.0]}}


@pytest.fixture
async def store(tmp_path):
    engine = database.connect(f"sqlite+aiosqlite:///{tmp_path}/folder/jobs.sqlite")
    store = JobStore(engine)
    await store.create()
    yield store
    await engine.dispose()


async def test_a_new_job_is_accepted_with_its_plan(store, make_plan):
    job, plan = await store.accept(REQUEST, make_plan(blocks=(4, 2)))
    assert (job.status, job.blocks_total, job.progress, job.version) == (Status.accepted, 6, 0, 1)
    assert job.request == REQUEST
    assert Plan.model_validate_json(await store.plan(job.id)) == plan
    assert await store.get(job.id) == job


async def test_an_equal_request_finds_the_live_or_successful_job(store, make_plan):
    first, _ = await store.accept(REQUEST, make_plan())
    assert await store.accept(REQUEST, make_plan()) == (first, None)
    await store.change(first.id, status=Status.successful, finished=now())
    again, plan = await store.accept(REQUEST, make_plan())
    assert (again.id, plan) == (first.id, None)
    other, _ = await store.accept(REQUEST, make_plan(sha256="cd" * 32))
    assert other.id != first.id


@pytest.mark.parametrize("end", [Status.failed, Status.dismissed])
async def test_after_a_failure_the_next_version_starts(store, make_plan, end):
    first, _ = await store.accept(REQUEST, make_plan())
    await store.change(first.id, status=end)
    second, plan = await store.accept(REQUEST, make_plan())
    assert second.id != first.id
    assert second.version == plan.version == 2


async def test_a_dropped_job_is_gone_but_keeps_its_version(store, make_plan):
    first, _ = await store.accept(REQUEST, make_plan())
    await store.change(first.id, status=Status.successful)
    await store.drop(first.id)
    with pytest.raises(NoSuchJob, match=first.id):
        await store.get(first.id)
    assert (await store.page(10)).jobs == []
    second, plan = await store.accept(REQUEST, make_plan())
    assert plan.version == 2
    assert [job.id for job in await store.live()] == [second.id]


async def test_equal_requests_at_the_same_moment_share_one_job(store, make_plan):
    found = await asyncio.gather(*(store.accept(REQUEST, make_plan()) for _ in range(8)))
    assert len({job.id for job, _ in found}) == 1
    assert sum(plan is not None for _, plan in found) == 1


async def test_an_ended_job_does_not_change_any_more(store, make_plan):
    job, _ = await store.accept(REQUEST, make_plan())
    assert await store.change(job.id, status=Status.dismissed)
    assert not await store.change(job.id, status=Status.successful)
    assert (await store.get(job.id)).status is Status.dismissed


async def test_pages_run_from_the_newest(store, make_plan):
    ids = []
    for k in range(5):
        job, _ = await store.accept(REQUEST, make_plan(sha256=f"{k:064d}"))
        ids.insert(0, job.id)
    first = await store.page(2)
    late, _ = await store.accept(REQUEST, make_plan(sha256="f" * 64))
    second = await store.page(2, before=first.before)
    third = await store.page(2, before=second.before)
    assert [job.id for page in (first, second, third) for job in page.jobs] == ids
    assert third.before is None
    assert (await store.page(1)).jobs[0].id == late.id


async def test_a_list_may_ask_for_states_and_processes(store, make_plan):
    first, _ = await store.accept(REQUEST, make_plan())
    second, _ = await store.accept(REQUEST, make_plan(sha256="cd" * 32))
    await store.change(first.id, status=Status.failed)
    assert [job.id for job in (await store.page(9, [Status.failed])).jobs] == [first.id]
    assert [job.id for job in (await store.page(9, [Status.accepted, Status.running])).jobs] == [second.id]
    assert len((await store.page(9, processes=["velocity-cube"])).jobs) == 2
    assert (await store.page(9, processes=["fusion"])).jobs == []


async def test_progress_reaches_100_only_with_success(store, make_plan):
    job, _ = await store.accept(REQUEST, make_plan(blocks=(4, 4)))
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
