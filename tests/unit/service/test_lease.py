"""Two services on one database: who works for a job, whose word counts, and who tells its subscriber."""

import asyncio
import datetime as dt

import pytest
import sqlalchemy as sa

from service import database
from service.clock import database_now, database_seconds
from service.jobs import lease
from service.jobs.controls import Controls, Order
from service.jobs.job import Status, now
from service.jobs.lease import Leases
from service.jobs.outbox import Outbox
from service.jobs.store import JobStore
from service.jobs.table import CALLBACKS, JOBS

pytestmark = pytest.mark.anyio
REQUEST = {"inputs": {}, "subscriber": {"successUri": "https://hook.example/done"}}


@pytest.fixture
async def store(engine):
    return JobStore(engine)


@pytest.fixture
def new_job(store, make_plan):
    async def made(digit: str = "ab"):
        order = Order("velocity-cube", {}, Controls(), REQUEST, "http://ogive.test", None)
        return (await store.accept(order, make_plan(sha256=digit * 32)))[0]

    return made


async def set_lease(engine, seconds: float) -> None:
    """Let every lease end so many seconds from now."""
    async with engine.begin() as connection:
        await connection.execute(JOBS.update().values(lease=database_seconds() + seconds))


async def test_of_services_that_race_for_a_job_one_gets_it(engine, new_job):
    services = [Leases(engine) for _ in range(8)]
    job = await new_job()
    claimed = await asyncio.gather(*(each.claim(job.id) for each in services))
    assert sum(claimed) == 1
    held = await asyncio.gather(*(each.hold() for each in services))
    assert [bool(jobs) for jobs in held] == claimed


async def test_what_nobody_works_for_is_taken_once_and_in_the_order_of_arrival(engine, new_job):
    jobs = [await new_job(digit) for digit in ("ab", "cd", "ef")]
    services = [Leases(engine) for _ in range(4)]
    held = await asyncio.gather(*(each.hold() for each in services))
    (one,) = [[job.id for job in some] for some in held if some]
    assert one == [job.id for job in jobs]


async def test_a_lease_that_is_renewed_stays_and_one_that_is_over_goes(engine, new_job):
    job, first, second = await new_job(), Leases(engine), Leases(engine)
    assert await first.claim(job.id)
    assert await second.hold() == []
    await set_lease(engine, 1.0)
    await first.hold()
    async with engine.connect() as connection:
        left = await connection.scalar(sa.select(JOBS.c.lease - database_seconds()))
    assert left == pytest.approx(lease.TERM_SECONDS, abs=5.0)
    await set_lease(engine, -0.01)
    assert [taken.id for taken in await second.hold()] == [job.id]
    assert await first.hold() == []


async def test_a_lease_from_before_the_clock_was_set_back_is_over(engine, new_job):
    job, first, second = await new_job(), Leases(engine), Leases(engine)
    assert await first.claim(job.id)
    await set_lease(engine, 86400.0)
    assert await second.claim(job.id)


async def test_what_is_released_is_taken_at_once(engine, new_job):
    job, first, second = await new_job(), Leases(engine), Leases(engine)
    assert await first.claim(job.id)
    await first.release()
    assert [taken.id for taken in await second.hold()] == [job.id]


async def test_an_ended_job_needs_nobody(engine, store, new_job):
    job, service = await new_job(), Leases(engine)
    await store.change(job.id, status=Status.dismissed, finished=now())
    assert not await service.claim(job.id)
    assert await service.hold() == []


async def test_who_lost_a_job_changes_nothing_and_publishes_nothing(engine, store, new_job):
    job, first, second = await new_job(), Leases(engine), Leases(engine)
    assert await first.claim(job.id)
    await set_lease(engine, -1.0)
    assert await second.claim(job.id)
    published = []

    async def publish(connection):
        published.append(connection)

    ends = {"status": Status.successful, "finished": now(), "along": publish}
    assert not await store.change(job.id, holder=first.holder, **ends)
    assert not published
    assert (await store.get(job.id)).status == Status.accepted
    assert await store.change(job.id, holder=second.holder, **ends)
    assert not await store.change(job.id, holder=second.holder, **ends)
    assert len(published) == 1
    assert len(await Outbox(engine).due()) == 1


async def test_what_fails_along_with_a_change_undoes_it(engine, store, new_job):
    job = await new_job()

    async def refuse(connection):
        raise RuntimeError("no item")

    with pytest.raises(RuntimeError, match="no item"):
        await store.change(job.id, status=Status.successful, finished=now(), along=refuse)
    assert (await store.get(job.id)).status == Status.accepted
    assert await Outbox(engine).due() == []


async def test_a_callback_is_delivered_by_one_service(engine, store, new_job):
    job = await new_job()
    await store.change(job.id, status=Status.successful, finished=now())
    couriers = [Outbox(engine) for _ in range(5)]
    (callback,) = await couriers[0].due()
    assert sum(await asyncio.gather(*(each.claim(callback) for each in couriers))) == 1
    assert await couriers[1].due() == []
    await couriers[0].tried(callback, None)
    assert await couriers[0].due() == []


async def test_a_callback_that_is_due_too_far_ahead_is_of_a_clock_since_set_back(engine, store, new_job):
    job = await new_job()
    await store.change(job.id, status=Status.successful, finished=now())
    for ahead, found in ((dt.timedelta(minutes=1), 0), (dt.timedelta(hours=1), 1)):
        async with engine.begin() as connection:
            await connection.execute(CALLBACKS.update().values(due=now() + ahead))
        assert len(await Outbox(engine).due()) == found


async def test_the_clock_of_the_database_tells_this_moment(engine):
    async with engine.connect() as connection:
        assert abs((await database_now(connection) - now()).total_seconds()) < 10


async def test_a_clock_that_runs_ahead_deletes_nothing(engine, store, new_job, monkeypatch):
    job = await new_job()
    soon = now() + dt.timedelta(hours=1)
    await store.change(job.id, status=Status.failed, expires=soon, finished=now())
    monkeypatch.setattr("service.jobs.store.now", lambda: soon + dt.timedelta(days=1))
    assert await store.expired() == []


@pytest.mark.parametrize(("error", "is_away"), [(ConnectionRefusedError(), True), (KeyError(), False)])
def test_what_says_that_the_database_is_away(error, is_away):
    assert database.away(error) is is_away


async def test_a_broken_rule_of_the_database_is_no_absence(engine):
    with pytest.raises(sa.exc.DBAPIError) as caught:
        async with engine.begin() as connection:
            await connection.execute(JOBS.insert().values(id="x"))
    assert not database.away(caught.value)
