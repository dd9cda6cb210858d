"""A service whose clock jumps while it works for a job; all other parts keep the true time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.deployed.parts import BOX, another_service

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


class Clock:
    """What a process that is started with its environment takes for the time, by a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set("+0")
        shim = str(Path(__file__).parent / "false_clock")
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, (shim, os.environ.get("PYTHONPATH")))),
        }

    def set(self, offset: str) -> None:
        """Be off by so much (`+1h`) from now on."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{offset}\n")
        fresh.replace(self._file)


@pytest.fixture(scope="module")
def clock(tmp_path_factory):
    if LIBRARY is None:
        pytest.skip("needs libfaketime; on Debian: apt-get install faketime")
    return Clock(tmp_path_factory.mktemp("time") / "clock")


@pytest.fixture(scope="module")
def jumping(ogive, clock):
    """A second service, whose clock is the false one."""
    with another_service(ogive, clock.environment) as http:
        yield http


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_clock_that_jumps_an_hour_and_back_leaves_no_trace(ogive, clock, jumping, undisturbed, offset):
    """Behind by an hour is before the first moment of the certificates, which are some minutes old."""
    answer = jumping.post("/processes/velocity-cube/execution", json={"inputs": {"bbox": BOX, "force": True}})
    assert answer.status_code == 201, answer.text
    job = answer.headers["Location"].rpartition("/")[2]
    ogive.reaches(job, blocks=2)
    clock.set(offset)
    # By now it signs what the S3 server refuses, and says so; the workers, whose clocks are right, go on.
    while (store := jumping.get("/health/ready").json()["checks"]["store"])["state"] == "ok":
        assert ogive.job(job)["status"] in {"accepted", "running"}
    assert "RequestTimeTooSkewed" in store["detail"]
    clock.set("+0")
    ended = ogive.ends(job, jumping)
    assert ended["status"] == "successful", (ended, ogive.logged(job))
    item = ogive.item(job)["id"]
    assert ogive.objects(item) == undisturbed(item)
    assert ogive.found().count(item) == 1
    assert not any("takes it up again" in line for line in ogive.logged(job))
