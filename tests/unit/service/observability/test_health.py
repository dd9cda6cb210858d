import asyncio

import pytest

from service.observability import health
from service.observability.health import Health

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def asking():
    """Make a Health that is closed at the end."""
    made = []

    def make(**checks):
        made.append(Health(checks))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def test_each_part_tells_its_state_and_the_reason(asking):
    async def well():
        pass

    async def ill():
        raise OSError("The disk is full.")

    parts = await asking(database=well, store=ill).parts()
    assert parts["database"]["state"] == "ok"
    assert (parts["store"]["state"], parts["store"]["detail"]) == ("failed", "The disk is full.")
    assert all(part["ms"] >= 0 for part in parts.values())


async def test_probes_that_come_together_or_soon_after_share_one_answer(asking):
    asked = []

    async def slow():
        asked.append(1)
        await asyncio.sleep(0.02)

    watched = asking(store=slow)
    first, *others = await asyncio.gather(*(watched.parts() for _ in range(50)))
    assert all(other == first for other in others)
    assert await watched.parts() == first
    assert asked == [1]


async def test_an_answer_grows_old(asking, monkeypatch):
    monkeypatch.setattr(health, "FRESH", 0.0)
    answers = iter((None, OSError("Gone.")))

    async def check():
        if (error := next(answers)) is not None:
            raise error

    watched = asking(store=check)
    assert (await watched.parts())["store"]["state"] == "ok"
    await asyncio.sleep(0.01)
    assert (await watched.parts())["store"]["detail"] == "Gone."


async def test_a_part_that_hangs_is_told_in_time_and_not_asked_again(asking, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(health, "FRESH", 0.0)
    asked, answers = [], asyncio.Event()

    async def hangs():
        asked.append(1)
        await answers.wait()

    watched = asking(store=hangs)
    for _ in range(3):
        part = (await watched.parts())["store"]
        assert (part["state"], part["detail"]) == ("failed", "No answer in 0.05 s.")
        await asyncio.sleep(0.01)
    assert asked == [1]
    answers.set()
    await asyncio.sleep(0.01)
    assert (await watched.parts())["store"]["state"] == "ok"


async def test_a_probe_that_goes_away_takes_the_answer_from_nobody(asking):
    async def slow():
        await asyncio.sleep(0.05)

    watched = asking(store=slow)
    leaving, staying = asyncio.create_task(watched.parts()), asyncio.create_task(watched.parts())
    await asyncio.sleep(0.01)
    leaving.cancel()
    assert (await staying)["store"]["state"] == "ok"
