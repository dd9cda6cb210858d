import asyncio
import datetime as dt
import time
from types import SimpleNamespace

import dask.config
import pytest
from distributed import LocalCluster, Scheduler, Security

from service.cluster import SHARD, Cluster
from service.connection import connect
from service.errors import DeadlineExceeded, SchedulerUnavailable
from service.settings import Settings
from workers.errors import NoCube

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scheduler():
    """Address of a scheduler that somebody else runs, with one worker."""
    async with LocalCluster(
        n_workers=1,
        threads_per_worker=2,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        resources=SHARD,
        dashboard_address="127.0.0.1:0",
        asynchronous=True,
    ) as local:
        yield local


@pytest.fixture
async def cluster(scheduler):
    async with connect(Settings(scheduler=scheduler.scheduler_address)) as cluster:
        yield cluster


def nowhere():
    raise NoCube("No cube.", "NEAREST", 12.5)


def late():
    raise TimeoutError("mine")


async def test_answers_and_errors_come_back_as_they_were(cluster: Cluster):
    assert await cluster.call(abs, -3) == 3
    with pytest.raises(NoCube) as caught:
        await cluster.call(nowhere)
    assert (caught.value.nearest_cube, caught.value.distance_m) == ("NEAREST", 12.5)


async def test_a_deadline_is_told_from_an_error_of_the_task(cluster: Cluster):
    with pytest.raises(DeadlineExceeded, match=r"0\.1 s"):
        await cluster.call(time.sleep, 0.5, within=0.1)
    with pytest.raises(TimeoutError, match="mine"):
        await cluster.call(late, within=5)


async def test_equal_keys_share_one_run(cluster: Cluster):
    first = cluster.submit(time.time, key="now")
    assert await cluster.call(time.time, key="now") == await first.result()


async def test_workers_are_those_that_take_shards(cluster: Cluster, scheduler):
    assert await cluster.workers() == 1
    scheduler.scale(0)
    await scheduler
    assert await cluster.workers() == 0
    with pytest.raises(SchedulerUnavailable, match=r"within 0\.1 s\. .* no worker"):
        await cluster.call(abs, -3, within=0.1)


async def test_workers_that_dask_has_paused_are_told_with_their_memory(cluster: Cluster, scheduler):
    (worker,) = scheduler.workers.values()
    worker.memory_manager.memory_limit, worker.memory_manager.memory_pause_fraction = 50 << 20, 0.8
    while await cluster.workers():
        await asyncio.sleep(0.05)
    with pytest.raises(SchedulerUnavailable, match=r"within 0\.1 s\. .* paused all workers, 1, .* MiB"):
        await cluster.call(abs, -3, within=0.1)


async def test_a_lost_scheduler_is_told(cluster: Cluster, scheduler):
    waiting = cluster.submit(time.sleep, 30, resources={"never": 1})
    await scheduler.close()
    with pytest.raises(SchedulerUnavailable):
        await cluster.workers()
    with pytest.raises(SchedulerUnavailable):
        await cluster.call(abs, -3)
    del waiting


async def test_a_certificate_that_is_refused_is_told_with_the_reason(monkeypatch, tmp_path):
    """As one whose clock is behind the first moment of the certificate sees it."""

    class Tomorrow(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return dt.datetime.now(tz) + dt.timedelta(days=1)

    later = SimpleNamespace(datetime=Tomorrow, timedelta=dt.timedelta, timezone=dt.timezone)
    monkeypatch.setattr("distributed.security.datetime", later)
    made, tls = Security.temporary(), "distributed.comm.tls"
    (tmp_path / "certificate.pem").write_text(made.tls_ca_file)
    (tmp_path / "key.pem").write_text(made.tls_client_key)
    named = {f"{tls}.client.key": "key.pem"}
    named |= dict.fromkeys((f"{tls}.client.cert", f"{tls}.ca-file"), "certificate.pem")
    with dask.config.set({name: str(tmp_path / file) for name, file in named.items()}):
        async with Scheduler(
            host="127.0.0.1", protocol="tls://", security=made, dashboard_address="127.0.0.1:0"
        ) as scheduler:
            with pytest.raises(SchedulerUnavailable, match="certificate is not yet valid"):
                async with connect(Settings(scheduler=scheduler.address)):
                    pass


async def test_no_process_of_dask_walks_the_frames_of_its_threads():
    """The configuration that is installed beside the packages is found: see infra/dask."""
    assert dask.config.get("distributed.worker.profile.enabled") is False
