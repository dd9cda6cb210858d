"""The parts together, and what is left when one of them dies: the same bytes, nothing lost, nothing twice."""

from __future__ import annotations

import time

import pystac_client
import pytest
import xarray as xr

from infra.local.deployment import BUCKET
from tests.deployed.parts import BOX, SPEC


def test_every_part_is_ready(ogive):
    document = ogive.http.get("/health/ready").json()
    assert {part["state"] for part in document["checks"].values()} == {"ok"}


def test_a_point_is_answered_from_the_s3_server(ogive):
    lon, lat = (BOX[0] + BOX[2]) / 2, (BOX[1] + BOX[3]) / 2
    answer = ogive.http.get("/timeseries", params={"lon": lon, "lat": lat})
    assert answer.status_code == 200, answer.text
    assert answer.json()["source"]["cube"] == ogive.cube.stem


def test_a_region_becomes_a_product_that_users_find_and_open(ogive, undisturbed):
    job = ogive.start()
    assert ogive.ends(job)["status"] == "successful"
    item = ogive.item(job)["id"]
    found = list(pystac_client.Client.open(ogive.parts.url).search(bbox=BOX).items())
    assert [each.id for each in found].count(item) == 1
    objects, expected = ogive.objects(item), undisturbed(item)
    assert objects.keys() == expected.keys()
    assert [key for key in objects if objects[key] != expected[key]] == []
    key = next(path for path in ogive.files.find(BUCKET) if f"/{item}.zarr/" in path)
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
    "names",
    [["worker-0", "worker-1"], ["service"], ["postgres"], ["objects"]],
    ids=["both-workers", "service", "postgres", "objects"],
)
def test_parts_that_are_killed_leave_no_trace(ogive, undisturbed, names):
    job = ogive.start(force=True)
    ogive.reaches(job, blocks=3)
    killed = [(process, process.pid) for process in ogive.parts.processes if process.name in names]
    for process, _ in killed:
        process.kill()
    for process, _ in killed:
        process.start()
    for process, pid in killed:
        process.wait()
        assert process.pid != pid
    check(ogive, job, undisturbed)


def test_a_database_that_is_away_for_a_while_leaves_no_trace(ogive, undisturbed):
    """Long enough for the job to be computed meanwhile: its end waits to be written down."""
    job = ogive.start(force=True)
    ogive.reaches(job, blocks=3)
    ogive.parts.postgres.kill()
    time.sleep(15)
    ogive.parts.postgres.start()
    ogive.parts.postgres.wait()
    check(ogive, job, undisturbed)


def test_a_scheduler_that_is_killed_leaves_no_trace(ogive, undisturbed):
    """Its workers end with it and are started again, as `restart: always` does."""
    job = ogive.start(force=True)
    ogive.reaches(job, blocks=3)
    ogive.parts.scheduler.kill()
    for process in (*ogive.parts.workers, ogive.parts.scheduler):
        process.await_end()
    for process in (ogive.parts.scheduler, *ogive.parts.workers):
        process.start()
        process.wait()
    check(ogive, job, undisturbed)


def check(ogive, job, undisturbed):
    ended = ogive.ends(job)
    assert ended["status"] == "successful", (ended, ogive.logged(job))
    item = ogive.item(job)["id"]
    assert ogive.objects(item) == undisturbed(item)
    assert ogive.found().count(item) == 1
