"""Where Prometheus asks: never the public port, few series whatever is asked for, and all that happened."""

import re
from types import SimpleNamespace

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from infra.local.deployment import free_ports
from service.app import create_app
from service.connection import connect
from service.settings import Settings
from workers.errors import OgiveError

PATIENT = {"Prefer": "wait=60"}


def value(name, **labels):
    return REGISTRY.get_sample_value(name, labels) or 0.0


def series(text):
    return {
        (sample.name, *sorted(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def port():
    return free_ports(1)[0]


@pytest.fixture
def watched(serve, settings, port):
    """A service that tells its measures: clients of its two ports."""
    changed = settings.model_copy(update={"metrics": f"127.0.0.1:{port}"})
    with serve(settings=changed) as client, httpx.Client(base_url=f"http://127.0.0.1:{port}") as scraper:
        yield SimpleNamespace(public=client, private=scraper)


def test_what_happened_is_counted(watched, place, spot, ended):
    def solved(kind):
        return value("ogive_pixels_total", kind=kind, outcome="solved")

    before = solved("place"), solved("shard"), value("ogive_places_total", series="kept")
    ends = value("ogive_jobs_ended_total", status="successful")
    for _ in range(2):
        assert watched.public.get("/timeseries", params=place, headers=PATIENT).status_code == 200
    job = watched.public.post("/processes/velocity-cube/execution", json={"inputs": {"bbox": spot}})
    assert ended(watched.public, job.headers["Location"])[-1]["status"] == "successful"
    assert watched.private.get("/metrics").status_code == 200
    assert solved("place") == before[0] + 1
    assert solved("shard") >= before[1] + 100
    assert value("ogive_places_total", series="kept") == before[2] + 1
    assert value("ogive_jobs_ended_total", status="successful") == ends + 1
    assert value("ogive_jobs", status="successful") == 1
    assert value("ogive_workers") == 1
    assert {value("ogive_part_up", part=part) for part in ("database", "scheduler", "store", "cubes")} == {1}
    assert value("ogive_database_seconds_count", statement="select") > 0
    assert value("ogive_source_bytes_total") > 0
    assert value("ogive_vvc_count") > 0


def test_the_public_port_tells_no_measures(watched):
    assert watched.public.get("/metrics").status_code == 404
    assert watched.public.get("/workers").status_code == 404
    assert watched.private.get("/timeseries").status_code == 404


def test_series_do_not_grow_with_what_is_asked_for(watched):
    def ask(number):
        watched.public.get(f"/nowhere/{number}", params={"key": f"secret-{number}"})
        watched.public.get(f"/jobs/{number}")
        watched.public.request(f"VERB{number}", "/jobs")
        watched.public.get("/timeseries", params={"lon": 0.5 + number, "lat": 7, "f": f"form{number}"})

    ask(0)
    before = series(watched.private.get("/metrics").text)
    for number in range(1, 20):
        ask(number)
    text = watched.private.get("/metrics").text
    assert series(text) == before
    assert not re.search(r"secret|nowhere|VERB", text)
    routes = {labels["route"] for labels in _labels(before, "ogive_http_requests_total")}
    assert {"unmatched", "/jobs/{job_id}", "/timeseries"} <= routes


def _labels(found, name):
    return [dict(labels) for sample, *labels in found if sample == name]


def test_queue_age_and_standstill_are_those_of_the_jobs(watched):
    text = watched.private.get("/metrics").text
    assert "ogive_queue_age_seconds 0.0" in text
    assert "ogive_job_standstill_seconds 0.0" in text


def test_measures_of_workers_are_found_by_who_asks_the_service(settings, port, place, serve):
    """Each worker process tells its own, at an address that Prometheus is told."""
    changed = settings.model_copy(update={"metrics": f"127.0.0.1:{port}", "workers": 1})
    with serve(settings=changed, connect=connect) as client:
        assert client.get("/timeseries", params=place, headers=PATIENT).status_code == 200
        (group,) = httpx.get(f"http://127.0.0.1:{port}/workers").json()
        (target,) = group["targets"]
        assert group["labels"] == {"job": "ogive-workers"}
        assert target.startswith("127.0.0.1:")
        told = httpx.get(f"http://{target}/metrics").text
    names = {name for name, *_ in series(told)}
    assert {"ogive_pixels_total", "dask_worker_tasks", "dask_worker_memory_bytes"} <= names
    assert 'ogive_pixels_total{kind="place",outcome="solved"} 1.0' in told


@pytest.mark.anyio
async def test_a_port_in_use_is_told(settings, port):
    import socket

    with socket.create_server(("127.0.0.1", port)):
        app = create_app(settings.model_copy(update={"metrics": f"127.0.0.1:{port}"}))
        with pytest.raises(OgiveError, match=f"port {port} of 127.0.0.1 is in use.*OGIVE_METRICS"):
            async with app.router.lifespan_context(app):
                pass


@pytest.mark.parametrize("wrong", ["9464", "localhost", "127.0.0.1:http"])
def test_an_address_of_measures_has_a_host_and_a_port(tmp_path, wrong):
    with pytest.raises(ValueError, match="metrics"):
        Settings(data=tmp_path, metrics=wrong)
