"""A job dismissed at every stage: nothing of it is published, and a later equal one is whole."""

from __future__ import annotations

import time

import pytest

from tests.deployed.line import Faults
from tests.deployed.parts import STRIP

STAGES = {
    "reading": lambda method, path: method == "GET" and "/cubes/" in path and "/vx/" in path,
    "writing": lambda method, path: method == "PUT" and "/products/" in path and "/c/0/" in path,
    "publishing": lambda method, path: method == "PUT" and "manifest" in path,
}


@pytest.fixture
def held(line):
    """Wait until a request of a stage is held."""

    def hold(stage: str) -> None:
        line.faults = Faults(holds=STAGES[stage])

    def wait() -> None:
        until = time.monotonic() + 60
        while not line.held:
            assert time.monotonic() < until, "Nothing passes the line."
            time.sleep(0.05)

    return hold, wait


def test_a_job_dismissed_at_any_stage_publishes_nothing(ogive, line, held, undisturbed):
    hold, wait = held
    published, inputs = set(ogive.found()), {"bbox": STRIP, "coefficient": 121.0}
    for stage in STAGES:
        hold(stage)
        job = ogive.start(**inputs)
        wait()
        if stage == "reading":
            queued = ogive.start(bbox=STRIP, coefficient=122.0)
            assert ogive.http.delete(f"/jobs/{queued}").json()["status"] == "dismissed"
        began = time.monotonic()
        assert ogive.http.delete(f"/jobs/{job}").json()["status"] == "dismissed", stage
        assert time.monotonic() - began < 5.0
        line.faults = Faults()
        assert ogive.http.get(f"/jobs/{job}").json()["status"] == "dismissed"
        assert set(ogive.found()) == published, stage
    last = ogive.start(**inputs)
    assert ogive.ends(last)["status"] == "successful", ogive.logged(last)
    item = ogive.item(last)["id"]
    assert ogive.objects(item) == undisturbed(item, **inputs)
    assert set(ogive.found()) == {*published, item}
