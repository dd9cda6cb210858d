import datetime as dt

import pytest

from service import database, migrations
from service.errors import QuotaExceeded, TooManyJobs
from service.jobs import room
from service.jobs.controls import Controls, Order
from service.jobs.job import Status, now
from service.jobs.room import Room
from service.jobs.store import JobStore
from workers.errors import TooLarge

pytestmark = pytest.mark.anyio
WIDE = Room(jobs_running=5, jobs_queued=4, jobs_caller=9, cpu_seconds_day=1000.0)


@pytest.fixture
async def take(database_url, make_plan):
    """Take a job of an owner that is expected to cost so many seconds; gives its id."""
    engine = database.connect(database_url)
    await migrations.upgrade(engine)
    jobs, number = JobStore(engine), 0

    async def taken(owner, expected=1.0, room=WIDE):
        nonlocal number
        number += 1
        order = Order("velocity-cube", {}, Controls(), {"inputs": {}}, "http://ogive.test", owner=owner)
        job, _ = await jobs.accept(order, make_plan(sha256=f"{number:064x}"), expected, room)
        assert job.owner == owner
        return job.id

    taken.jobs = jobs
    yield taken
    await engine.dispose()


async def test_a_caller_has_a_share_of_the_jobs(take):
    narrow = Room(jobs_running=1, jobs_queued=2, jobs_caller=2, cpu_seconds_day=1000.0)
    first = await take("key:ada", room=narrow)
    await take("key:ada", room=narrow)
    with pytest.raises(TooManyJobs, match="2 of your jobs"):
        await take("key:ada", room=narrow)
    await take("key:bob", room=narrow)
    with pytest.raises(TooManyJobs, match="3 jobs run or wait already"):
        await take(None, room=narrow)
    await take.jobs.change(first, status=Status.failed)
    await take("key:ada", room=narrow)


async def test_a_day_s_work_is_counted_by_what_is_expected_and_then_by_what_it_cost(take):
    job = await take("key:ada", 700.0)
    with pytest.raises(QuotaExceeded, match="more than 1000 processor seconds") as refused:
        await take("key:ada", 400.0)
    assert 86_390 <= refused.value.wait <= 86_400
    await take("key:bob", 400.0)
    await take(None, 5000.0)
    await take.jobs.change(job, status=Status.successful, cpu_seconds=100.0)
    await take.jobs.drop(job)
    await take("key:ada", 900.0)
    with pytest.raises(QuotaExceeded):
        await take("key:ada", 1.0)


async def test_what_was_spent_a_day_ago_counts_no_more(take, monkeypatch):
    for spent in (600.0, 300.0):
        job = await take("key:ada", spent)
        await take.jobs.change(job, status=Status.failed, cpu_seconds=spent)
    today = now()
    monkeypatch.setattr(room, "now", lambda: today + dt.timedelta(hours=23))
    with pytest.raises(QuotaExceeded) as refused:
        await take("key:ada", 200.0)
    assert 3590 <= refused.value.wait <= 3600
    monkeypatch.setattr(room, "now", lambda: today + dt.timedelta(hours=24, seconds=5))
    await take("key:ada", 1000.0)


async def test_what_no_day_has_room_for_is_too_large(take):
    with pytest.raises(TooLarge) as refused:
        await take("key:ada", 1001.0)
    assert refused.value.limits == {"cpu_seconds_day": 1000.0}
