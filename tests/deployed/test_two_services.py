"""Two services on one database: one works for a job, and when it dies the other does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import httpx
import pytest

from infra.local.deployment import free_ports
from tests.deployed.parts import BOX

NOBODY = "https://127.0.0.1/"
"""A subscriber that no callback may go to: each that is due is refused and written down, once"""


@pytest.fixture
def second(ogive):
    """Another service, and where it answers."""
    (port,) = free_ports(1)
    service = ogive.parts.another_service(port)
    service.start()
    try:
        service.wait()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            yield http
    finally:
        service.stop()


def test_the_other_service_takes_over_the_job_of_one_that_is_killed(ogive, second, undisturbed):
    body = {
        "inputs": {"bbox": BOX, "force": True},
        "subscriber": dict.fromkeys(("inProgressUri", "successUri", "failedUri"), NOBODY),
    }
    answer = ogive.http.post("/processes/velocity-cube/execution", json=body)
    assert answer.status_code == 201, answer.text
    job = answer.headers["Location"].rpartition("/")[2]
    ogive.reaches(job, blocks=3)
    ogive.parts.service.kill()
    ended = ogive.ends(job, second)
    assert ended["status"] == "successful", ended
    ogive.parts.service.start()
    ogive.parts.service.wait()
    item = ogive.item(job)["id"]
    assert ogive.objects(item) == undisturbed(item)
    assert ogive.found().count(item) == 1
    told = [line for line in ogive.logged(job) if line.startswith("The subscriber was not told")]
    assert len(told) == 2, told
    assert any("a service takes it up again" in line for line in ogive.logged(job))


@pytest.fixture
def clock(tmp_path):
    """A file that says what time it is for a service that is started with the variables that come along."""
    library = next(iter(Path("/usr/lib").rglob("libfaketimeMT.so.1")), None)
    if library is None:
        pytest.skip("needs libfaketime: apt-get install faketime")
    file = tmp_path / "clock"
    file.write_text("+0\n")
    variables = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(file)}
    return file, variables | {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def test_a_clock_that_jumps_under_a_service_leaves_no_trace(ogive, clock, undisturbed):
    file, variables = clock
    (port,) = free_ports(1)
    service = ogive.parts.another_service(port)
    service = dataclasses.replace(service, environment=service.environment | variables)
    service.start()
    try:
        service.wait()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
            body = {"inputs": {"bbox": BOX, "force": True}}
            answer = http.post("/processes/velocity-cube/execution", json=body)
            job = answer.headers["Location"].rpartition("/")[2]
            for jump in ("+2d", "-2d"):
                file.write_text(f"{jump}\n")
                done = ogive.job(job)["blocks"]["done"]
                ogive.reaches(job, blocks=done + 2)
            file.write_text("+0\n")
            ended = ogive.ends(job, http)
    finally:
        service.stop()
    assert ended["status"] == "successful", ended
    item = ogive.item(job)["id"]
    assert ogive.objects(item) == undisturbed(item)
    assert not any("a service takes it up again" in line for line in ogive.logged(job))
