"""The service as `ogive serve` runs it: on a Dask cluster in processes of its own."""

import time

import httpx
import psutil
import pytest

from service.connection import connect
from service.errors import SchedulerUnavailable
from service.settings import Settings
from workers.plan import CubeSource
from workers.tasks import point_series
from workers.velocity.parameters import VelocityParameters


def test_errors_and_answers_come_back_from_other_processes(serve, settings, place, region, ended, cube):
    with serve(settings=settings.model_copy(update={"workers": 1}), connect=connect) as client:
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


@pytest.mark.anyio
async def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("service.connection._CONNECT", "1s")
    settings = Settings(data=tmp_path, scheduler="tcp://127.0.0.1:1")
    with pytest.raises(SchedulerUnavailable, match=r"tcp://127\.0\.0\.1:1 \(OGIVE_SCHEDULER\)"):
        async with connect(settings):
            pass
