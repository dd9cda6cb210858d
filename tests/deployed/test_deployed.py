"""The parts together, and what is left when one of them dies: the same bytes, nothing lost, nothing twice."""

from __future__ import annotations

import pystac_client
import pytest
import xarray as xr

from infra.local.deployment import BUCKET
from tests.deployed.conftest import BOX, SPEC


def test_every_part_is_ready(ogive):
    document = ogive.http.get("/health/ready").json()
    assert {part["state"] for part in document["checks"].values()} == {"ok"}


def test_a_point_is_answered_from_the_s3_server(ogive):
    lon, lat = (BOX[0] + BOX[2]) / 2, (BOX[1] + BOX[3]) / 2
    answer = ogive.http.get("/timeseries", params={"lon": lon, "lat": lat})
    assert answer.status_code == 200, answer.text
    assert answer.json()["source"]["cube"] == ogive.cube.stem


def test_a_region_becomes_a_product_that_users_find_and_open(ogive, undisturbed):
    job = ogive.start(bbox=BOX)
    assert ogive.ends(job)["status"] == "successful"
    found = list(pystac_client.Client.open(ogive.parts.url).search(bbox=BOX).items())
    assert [item.id for item in found] == [ogive.item(job)["id"]]
    objects = ogive.objects(found[0].id)
    expected = undisturbed()
    assert objects.keys() == expected.keys()
    assert [key for key in objects if objects[key] != expected[key]] == []
    key = next(path for path in ogive.files.find(BUCKET) if f"/{found[0].id}.zarr/" in path)
    opened = xr.open_zarr(
        f"s3://{key.partition('.zarr/')[0]}.zarr",
        storage_options={
            "key": ogive.parts.environment["AWS_ACCESS_KEY_ID"],
            "secret": ogive.parts.environment["AWS_SECRET_ACCESS_KEY"],
            "endpoint_url": ogive.parts.environment["AWS_ENDPOINT_URL"],
        },
    )
    assert opened.v.shape[1:] == (SPEC.height, SPEC.width)


@pytest.mark.parametrize(
    ("coefficient", "part"),
    [(101.0, "worker-0"), (102.0, "service"), (103.0, "postgres"), (104.0, "objects")],
)
def test_a_part_that_is_killed_leaves_no_trace(ogive, undisturbed, coefficient, part):
    job = ogive.start(bbox=BOX, coefficient=coefficient)
    ogive.reaches(job, blocks=3)
    killed = next(process for process in ogive.parts.processes if process.name == part)
    pid = killed.pid
    killed.kill()
    killed.start()
    killed.wait()
    assert killed.pid != pid
    ended = ogive.ends(job)
    assert ended["status"] == "successful", ended
    assert ogive.objects(ogive.item(job)["id"]) == undisturbed(coefficient=coefficient)


def test_a_scheduler_that_is_killed_leaves_no_trace(ogive, undisturbed):
    """Its workers end with it and are started again, as `restart: always` does."""
    job = ogive.start(bbox=BOX, coefficient=105.0)
    ogive.reaches(job, blocks=3)
    ogive.parts.scheduler.kill()
    for process in (*ogive.parts.workers, ogive.parts.scheduler):
        process.await_end()
    for process in (ogive.parts.scheduler, *ogive.parts.workers):
        process.start()
        process.wait()
    ended = ogive.ends(job)
    assert ended["status"] == "successful", ended
    assert ogive.objects(ogive.item(job)["id"]) == undisturbed(coefficient=105.0)


def test_a_dismissed_job_ends_and_a_later_one_takes_over_what_it_left(ogive, undisturbed):
    job = ogive.start(bbox=BOX, coefficient=106.0)
    ogive.reaches(job, blocks=3)
    assert ogive.http.delete(f"/jobs/{job}").json()["status"] == "dismissed"
    again = ogive.start(bbox=BOX, coefficient=106.0)
    assert again != job
    assert ogive.ends(again)["status"] == "successful"
    assert ogive.objects(ogive.item(again)["id"]) == undisturbed(coefficient=106.0)
