"""What becomes of the jobs under way when the service is told to let go."""

import asyncio
from types import SimpleNamespace

import pytest

from service.jobs import under_way
from service.jobs.controls import Controls, Order
from service.jobs.house import House
from service.jobs.job import Status, now
from service.jobs.lease import Leases
from service.jobs.log import JobLog
from service.jobs.store import JobStore
from service.jobs.table import JOBS
from service.jobs.under_way import UnderWay
from service.settings import Settings

pytestmark = pytest.mark.anyio


def under_way_in(folder):
    async def release():
        pass

    house = House(*[None] * 4, Settings(data=folder), *[None] * 4, SimpleNamespace(release=release))
    return UnderWay(house, None, None)


async def test_closing_asks_again_where_a_cancellation_was_lost(tmp_path):
    jobs = under_way_in(tmp_path)

    async def deaf_once():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    task = jobs._tasks["a"] = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await jobs.close()
    assert task.cancelled()


async def test_closing_without_jobs_is_at_once(tmp_path):
    async with asyncio.timeout(1):
        await under_way_in(tmp_path).close()


@pytest.fixture
def service(engine, monkeypatch):
    """Makes services on one database, each with the list of what it worked for and what it freed."""
    monkeypatch.setattr(under_way, "_BEAT_SECONDS", 0.02)

    def made(work=None):
        worked, freed = [], []

        async def forever(job):
            worked.append(job.id)
            await asyncio.sleep(60)

        async def free(job_id):
            freed.append(job_id)

        house = SimpleNamespace(leases=Leases(engine), jobs=JobStore(engine), log=JobLog(engine))
        jobs = UnderWay(house, work or forever, free)
        return jobs, asyncio.create_task(jobs.keep()), worked, freed

    return made


@pytest.fixture
async def job(engine, make_plan):
    order = Order("velocity-cube", {}, Controls(), {"inputs": {}}, "http://ogive.test", None)
    return (await JobStore(engine).accept(order, make_plan()))[0]


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_job_that_nobody_works_for_is_taken_up_and_handed_over_on_leaving(service, job):
    first, keeping, worked, _ = service()
    await until(lambda: worked == [job.id])
    second, also_keeping, taken, _ = service()
    await asyncio.sleep(0.2)
    assert (worked, taken) == ([job.id], [])
    keeping.cancel()
    await first.close()
    await until(lambda: taken == [job.id])
    also_keeping.cancel()
    await second.close()


async def test_who_stood_still_lets_go_and_frees_no_worker_of_the_other(service, job, engine):
    first, keeping, worked, freed = service()
    await until(lambda: worked)
    other = Leases(engine)
    async with engine.begin() as connection:
        await connection.execute(JOBS.update().values(holder=other.holder))
    await until(lambda: not first._tasks)
    assert freed == []
    keeping.cancel()


async def test_a_dismissal_by_another_service_ends_the_work_and_frees_the_workers(service, job, engine):
    first, keeping, worked, freed = service()
    await until(lambda: worked)
    await JobStore(engine).change(job.id, status=Status.dismissed, finished=now())
    await until(lambda: freed and not first._tasks)
    assert set(freed) == {job.id}
    keeping.cancel()


async def test_work_that_the_database_broke_off_is_taken_up_again(service, job):
    tries = []

    async def work(job):
        tries.append(job.id)
        if len(tries) < 3:
            raise ConnectionRefusedError("no database")
        await asyncio.sleep(60)

    jobs, keeping, _, _ = service(work)
    await until(lambda: len(tries) == 3)
    keeping.cancel()
    await jobs.close()
