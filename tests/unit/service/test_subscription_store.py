"""Subscriptions on one database: who looks, what is written down, who delivers, whatever the clocks say."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.clock import database_seconds
from service.errors import NoSuchSubscription, TooManySubscriptions
from service.subscriptions.asking import Subscribe, wish
from service.subscriptions.letters import Letters
from service.subscriptions.room import Room
from service.subscriptions.store import TERM_SECONDS, SubscriptionStore
from service.subscriptions.table import LETTERS, SUBSCRIPTIONS

pytestmark = pytest.mark.anyio
HOUR = 3600.0
WIDE = Room(100, 100)


@pytest.fixture
def store(engine):
    return SubscriptionStore(engine, HOUR)


def wanted(step="P30D", owner="key:ada"):
    inputs = {"points": [[-49.46, 69.13]], "step": step}
    subscriber = {"successUri": "https://hook.example/"}
    return wish(Subscribe(inputs=inputs, subscriber=subscriber), owner, "http://ogive.test")


async def move(engine, table, column, seconds):
    """Let everything be due so many seconds from now."""
    async with engine.begin() as connection:
        await connection.execute(table.update().values({column: database_seconds() + seconds}))


async def test_equal_requests_of_one_caller_are_one_subscription_also_at_the_same_moment(store):
    made = await asyncio.gather(*(store.add(wanted(), WIDE) for _ in range(4)))
    assert len({found.id for found, _ in made}) == 1
    assert sum(new for _, new in made) == 1
    other, new = await store.add(wanted(owner="key:bob"), WIDE)
    assert new
    assert other.id != made[0][0].id


async def test_there_is_room_for_so_many_in_all_and_of_one_caller(store):
    narrow = Room(subscriptions=2, subscriptions_caller=1)
    await store.add(wanted("P1M"), narrow)
    with pytest.raises(TooManySubscriptions, match="are yours") as refused:
        await store.add(wanted("P2M"), narrow)
    assert (refused.value.limit, refused.value.value) == ("subscriptions_caller", 1)
    assert (await store.add(wanted("P1M"), narrow))[1] is False
    await store.add(wanted("P2M", None), narrow)
    with pytest.raises(TooManySubscriptions) as refused:
        await store.add(wanted("P3M", None), narrow)
    assert refused.value.limit == "subscriptions"


async def test_one_service_looks_and_it_is_done_again_when_it_is_due_again(engine, store):
    await store.add(wanted(), WIDE)
    (due,) = await store.due(9)
    claimed = await asyncio.gather(*(SubscriptionStore(engine, HOUR).claim(due) for _ in range(4)))
    (mine,) = [each for each in claimed if each is not None]
    assert await store.due(9) == []
    await store.looked(mine, fingerprints={"cube": "sha256:1"})
    assert await store.due(9) == []
    await move(engine, SUBSCRIPTIONS, "look_due", -1)
    (due,) = await store.due(9)
    assert (due.looks, due.fingerprints) == (1, {"cube": "sha256:1"})


async def test_a_look_that_was_broken_off_is_done_again_and_its_late_word_counts_nothing(engine, store):
    await store.add(wanted(), WIDE)
    first = await store.claim((await store.due(9))[0])
    await move(engine, SUBSCRIPTIONS, "look_due", -1)
    second = await store.claim((await store.due(9))[0])
    await store.looked(second, series_sha256="new")
    await store.looked(first, ("of the change", b"{}"), series_sha256="old")
    assert (await store.get(first.id)).series_sha256 == "new"
    assert await Letters(engine).due() == []


async def test_a_look_that_is_given_back_is_done_again_at_once_unless_another_has_begun(engine, store):
    await store.add(wanted(), WIDE)
    first = await store.claim((await store.due(9))[0])
    await store.give_back(first)
    second = await store.claim((await store.due(9))[0])
    await store.give_back(first)
    assert await store.due(9) == []
    await store.give_back(second)
    assert len(await store.due(9)) == 1


@pytest.mark.parametrize("ahead", [HOUR + TERM_SECONDS, 10 * 365 * 86400.0])
async def test_a_clock_that_was_set_back_keeps_nothing_waiting(engine, store, ahead):
    made, _ = await store.add(wanted(), WIDE)
    await store.looked(made, ("of the change", b"{}"))
    await move(engine, SUBSCRIPTIONS, "look_due", ahead)
    await move(engine, LETTERS, "due", ahead)
    assert len(await store.due(9)) == len(await Letters(engine).due()) == 1


async def test_the_newest_letter_is_delivered_by_one_service(engine, store):
    await store.add(wanted(), WIDE)
    mine = await store.claim((await store.due(9))[0])
    await store.looked(mine, ("of the change", b'"first"'))
    (old,) = await Letters(engine).due()
    assert await Letters(engine).claim(old)
    await move(engine, SUBSCRIPTIONS, "look_due", -1)
    mine = await store.claim((await store.due(9))[0])
    await store.looked(mine, ("of the change", b'"second"'))
    assert await Letters(engine).letter(old) is None
    await Letters(engine).tried(old, None)
    (new,) = await Letters(engine).due()
    assert sum(await asyncio.gather(*(Letters(engine).claim(new) for _ in range(4)))) == 1
    letter = await Letters(engine).letter(new)
    assert (letter.content, letter.headers["Idempotency-Key"]) == (b'"second"', f"{mine.id}-2")
    assert await Letters(engine).due() == []
    await Letters(engine).tried(new, timedelta(0))
    (again,) = await Letters(engine).due()
    await Letters(engine).claim(again)
    await Letters(engine).note(again, "The subscriber was told of the change.", "info")
    await Letters(engine).tried(again, None)
    assert (await store.get(mine.id)).told is not None
    assert await Letters(engine).due() == []


async def test_what_is_dropped_is_looked_at_and_told_no_more(engine, store):
    made, _ = await store.add(wanted(), WIDE)
    await store.looked(made, ("of the change", b"{}"))
    (letter,) = await Letters(engine).due()
    await store.drop(made.id)
    await store.looked(made, ("of the change", b"{}"))
    assert await Letters(engine).letter(letter) is None
    assert await store.claim(made) is None
    assert await store.due(9) == await Letters(engine).due() == []
    with pytest.raises(NoSuchSubscription, match=made.id):
        await store.get(made.id)
    async with engine.connect() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(LETTERS)) == 0
