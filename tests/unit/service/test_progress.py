import datetime as dt

import pytest

from service.jobs import progress as module
from service.jobs.progress import Progress
from workers.plan import ShardReceipt

NOW = dt.datetime(2026, 1, 1)


def receipt(shard, total=4, empty=0, failed=0, problems=()):
    pixels = {"requested": 1600, "solved": 1500, "no_data": 90, "failed": 10}
    blocks = {"total": total, "empty": empty, "failed": failed}
    return ShardReceipt(
        shard=shard, objects={}, pixels=pixels, blocks=blocks, problems=tuple(problems), cpu_seconds=1.5
    )


def event(shard, block, state="done"):
    return (0.0, {"shard": shard, "block": block, "state": state, "cpu_seconds": 0.5})


@pytest.fixture
def progress(make_plan):
    return Progress(make_plan(blocks=(4, 4, 4, 4, 4)))


def test_blocks_count_once_however_often_a_shard_runs(progress):
    for state in ("done", "empty", "failed", "empty"):
        progress.event(event(0, 1, state))
    progress.event(event(0, 2))
    assert progress.counts == {"blocks_done": 2, "blocks_empty": 1, "blocks_failed": 0}


def test_who_took_a_shard_is_known_until_it_is_finished(progress):
    for shard, worker in ((0, "tcp://a"), (1, "tcp://b"), (2, "tcp://a")):
        progress.event((0.0, {"shard": shard, "worker": worker}))
        if shard == 0:
            progress.receipt(receipt(0))
    assert progress.taken_by("tcp://a") == 2
    progress.event((0.0, {"shard": 1, "worker": "tcp://c"}))
    assert progress.taken_by("tcp://b") is None
    assert progress.counts["blocks_done"] == 4


def test_a_receipt_overrides_the_events_of_its_shard(progress):
    progress.event(event(0, 0, "failed"))
    progress.event(event(1, 0))
    progress.receipt(receipt(0, empty=2))
    progress.event(event(0, 3, "failed"))
    assert progress.counts == {"blocks_done": 5, "blocks_empty": 2, "blocks_failed": 0}
    assert progress.finished == {0}
    assert progress.pixels["solved"] == 1500
    assert progress.cpu_seconds == 2.0  # of the receipt, and of the shard that is under way


def test_a_job_may_lose_one_block_in_twenty(progress):
    progress.receipt(receipt(3, failed=1, problems=["Chunk vx/0.1.2 is truncated."]))
    assert not progress.too_many_failed
    progress.receipt(receipt(1, failed=1, problems=["Chunk vx/0.0.2 is truncated."]))
    assert progress.too_many_failed
    assert progress.problems[0] == "Chunk vx/0.0.2 is truncated."


def test_the_estimate_follows_the_speed_of_this_run(make_plan, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    progress = Progress(make_plan(blocks=(4, 4, 4, 4, 4)))
    progress.resume({0: receipt(0), 1: receipt(1)})
    assert progress.estimated_finish(NOW) is None
    clock[0] = 130.0
    progress.receipt(receipt(2))
    assert progress.counts["blocks_done"] == 12
    assert progress.estimated_finish(NOW) == NOW + dt.timedelta(seconds=30 / 4 * 8)
