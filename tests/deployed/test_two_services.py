"""Two services on one database: one works for a job, and when it dies the other does."""

from __future__ import annotations

import pytest

from tests.deployed.parts import BOX, another_service

NOBODY = "https://127.0.0.1/"
"""A subscriber that no callback may go to: each that is due is refused and written down, once"""


@pytest.fixture
def second(ogive):
    """Another service, and where it answers."""
    with another_service(ogive, {}) as http:
        yield http


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
