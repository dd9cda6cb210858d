import datetime as dt

import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from service.jobs.controls import Controls, Order
from service.jobs.job import Status, now
from service.jobs.store import JobStore
from service.jobs.table import CALLBACKS, JOBS
from service.observability import queue as room
from service.observability.queue import Queue

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is set."""

    class Clock:
        seconds = 1000.0

        def monotonic(self):
            return self.seconds

    clock = Clock()
    monkeypatch.setattr(room, "time", clock)
    return clock


def told(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


async def test_an_empty_queue_is_told_as_such(engine):
    await Queue(engine).observe()
    assert {told("ogive_jobs", status=status) for status in Status} == {0}
    assert told("ogive_queue_age_seconds") == told("ogive_job_standstill_seconds") == 0
    assert told("ogive_jobs_blocks_left") == told("ogive_callbacks_due") == 0


async def test_the_queue_is_told_as_the_records_have_it(engine, make_plan, clock):
    jobs, queue = JobStore(engine), Queue(engine)
    made = []
    for number in range(3):
        inputs = {"number": number}
        order = Order("velocity-cube", inputs, Controls(), {"inputs": inputs}, "http://ogive.test")
        made.append((await jobs.accept(order, make_plan((6,), f"{number:064x}")))[0].id)
    running, waiting, ended = made
    await jobs.change(running, status=Status.running, started=now(), blocks_done=2)
    await jobs.change(ended, status=Status.failed, finished=now())
    earlier = now() - dt.timedelta(seconds=90)
    async with engine.begin() as connection:
        await connection.execute(sa.update(JOBS).where(JOBS.c.id == waiting).values(created=earlier))
        row = {"job": ended, "status": "failed", "uri": "https://me.example", "due": now()}
        await connection.execute(CALLBACKS.insert().values(row))
    await queue.observe()
    assert [told("ogive_jobs", status=status) for status in Status] == [1, 1, 0, 1, 0]
    assert 90 <= told("ogive_queue_age_seconds") < 120
    assert told("ogive_jobs_blocks_left") == 4 + 6
    assert told("ogive_callbacks_due") == 1
    assert told("ogive_job_standstill_seconds") == 0

    clock.seconds += 70
    await queue.observe()
    assert told("ogive_job_standstill_seconds") == 70
    await jobs.change(running, blocks_done=3)
    await queue.observe()
    assert told("ogive_job_standstill_seconds") == 0


async def test_statements_are_counted_by_their_kind(engine):
    before = told("ogive_database_seconds_count", statement="select") or 0
    async with engine.connect() as connection:
        await connection.execute(sa.select(JOBS.c.id))
    assert told("ogive_database_seconds_count", statement="select") == before + 1
