"""What a runner does when it is told to let go."""

import asyncio

import pytest

from service.jobs.house import House
from service.jobs.runner import Runner
from service.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


def runner_of(folder):
    house = House(*[None] * 4, Settings(data=folder), *[None] * 4)
    return Runner(house, None, lambda: None)


async def test_closing_asks_again_where_a_cancellation_was_lost(tmp_path):
    runner = runner_of(tmp_path)

    async def deaf_once():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(60)

    task = runner._running["a"] = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await runner.close()
    assert task.cancelled()


async def test_closing_without_jobs_is_at_once(tmp_path):
    async with asyncio.timeout(1):
        await runner_of(tmp_path).close()
