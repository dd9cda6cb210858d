"""The service as `ogive serve` runs it: on a Dask cluster in processes of its own."""

import contextlib
import time

import httpx
import psutil
import pytest
from distributed import Client

from service.connection import connect
from service.errors import SchedulerUnavailable
from service.settings import Settings
from workers.plan import CubeSource
from workers.tasks import point_series
from workers.velocity.parameters import VelocityParameters


@pytest.fixture(scope="module")
def local(served, cube, tmp_path_factory):
    """A client of a service with one worker, and one of its Dask scheduler."""
    known = []

    @contextlib.asynccontextmanager
    async def connected(settings):
        async with connect(settings) as cluster:
            known.append(cluster.client.scheduler.address)
            yield cluster

    settings = Settings(data=tmp_path_factory.mktemp("data"), cubes=(cube,), workers=1)
    with (
        served(settings, connected) as url,
        httpx.Client(base_url=url, timeout=60) as client,
        Client(*known, set_as_default=False) as dask,
    ):
        yield client, dask


def test_errors_and_answers_come_back_from_other_processes(local, place, region, ended, cube):
    client, _ = local
    # Until the workers have loaded what tasks need, requests wait for them, and the service says so.
    while (ready := client.get("/health/ready")).status_code == 503:
        assert "still load their kernels" in ready.json()["checks"]["scheduler"]["detail"]
        time.sleep(0.5)
    assert ready.json()["checks"]["scheduler"]["state"] == "ok"
    outside = client.get("/timeseries", params={"lon": -130, "lat": 60})
    assert (outside.status_code, outside.json()["type"].rpartition("/")[2]) == (404, "no-cube")
    job = client.post("/processes/velocity-cube/execution", json={"inputs": {"bbox": region}}).json()
    location = next(link["href"] for link in job["links"] if link["rel"] == "self")
    beside = client.get("/timeseries", params=place, timeout=httpx.Timeout(60))
    assert beside.status_code == 200
    last = ended(client, location)[-1]
    assert last["status"] == "successful", last
    own, others = psutil.Process().nice(), psutil.Process().children(recursive=True)
    assert max(other.nice() for other in others) > own, "the workers do not stand behind the service"
    point = point_series(CubeSource(cubes=(cube,)), **place, parameters=VelocityParameters())
    assert beside.json()["source"]["used"] == point.series.used


def rest_at(share, pause, dask_worker):
    """Let what a worker holds by now be so much of its limit; Dask pauses it above another share."""
    manager = dask_worker.memory_manager
    manager.memory_limit = int(dask_worker.monitor.get_process_memory() / share)
    manager.memory_pause_fraction = manager.memory_pause_fraction if pause is None else pause


def readiness(client, status):
    while (ready := client.get("/health/ready")).status_code != status:
        time.sleep(0.5)
    return ready.json()["checks"]["scheduler"]


def test_a_worker_that_rests_near_its_limit_goes_on(local, spot, ended):
    client, dask = local
    readiness(client, 200)
    # Between 80 %, where Dask itself would give it no task any more, and 95 %, where its nanny ends it.
    dask.run(rest_at, 0.9, None)
    time.sleep(0.5)
    body = {"inputs": {"bbox": spot, "step": "P90D"}}
    location = client.post("/processes/velocity-cube/execution", json=body).headers["location"]
    assert ended(client, location)[-1]["status"] == "successful"


def test_a_cluster_whose_workers_are_paused_is_not_ready(local):
    client, dask = local
    readiness(client, 200)
    dask.run(rest_at, 0.9, 0.8)
    assert "Dask has paused all workers, 1, for want of memory" in readiness(client, 503)["detail"]
    dask.run(rest_at, 0.5, 0.8)
    readiness(client, 200)


@pytest.mark.anyio
async def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("service.connection._CONNECT", "1s")
    settings = Settings(data=tmp_path, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(SchedulerUnavailable, match=r"tcp://127\.0\.0\.1:1 \(OGIVE_SCHEDULER\)"):
        async with connect(settings):
            pass
