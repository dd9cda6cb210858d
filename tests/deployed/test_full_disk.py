"""A disk that is full while a product is written to it: the job says so, and goes on once there is room."""

from __future__ import annotations

import subprocess

import pytest

from tests.deployed.parts import SPEC, STRIP
from tests.e2e.making import plan, publish, stored
from tests.e2e.test_recovery import House
from workers.plan import CubeSource
from workers.synthetic import write_cube


def mount(*options: str) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", *options], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs the right to mount a small disk: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path):
    """A folder for the products of a service, with room for their metadata alone."""
    folder = tmp_path / "data" / "products"
    folder.mkdir(parents=True)
    mount("-o", "size=96k", "ogive", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def cube(tmp_path_factory):
    return write_cube(str(tmp_path_factory.mktemp("cubes")), SPEC)


@pytest.fixture
def house(cube, disk, tmp_path):
    house = House(tmp_path, cube, apart=False)
    house.start()
    yield house
    house.client.close()
    house.service.stop()


def test_a_job_that_fills_the_disk_fails_clearly_and_an_equal_one_goes_on(cube, house, disk, tmp_path):
    body = {"inputs": {"bbox": STRIP}}

    def run() -> dict:
        answer = house.client.post("/processes/velocity-cube/execution", json=body)
        assert answer.status_code == 201, answer.text
        return house.ended("/jobs/" + answer.headers["location"].rpartition("/")[2])

    failed = run()
    assert failed["status"] == "failed"
    assert "cannot be written" in failed["message"]
    assert "No space left on device" in failed["message"]
    assert house.get("/search").json()["features"] == []
    assert not list(disk.rglob("*.partial"))
    assert not list(disk.rglob("manifest*"))
    mount("-o", "remount,size=64m", "ogive", str(disk))
    assert run()["status"] == "successful"
    whole = plan(CubeSource(cubes=(cube,)), STRIP)
    publish(whole, tmp_path / "whole")
    chunks = {key: data for key, data in stored(tmp_path / "whole").items() if "/c/" in key}
    assert chunks == {key: data for key, data in stored(disk).items() if "/c/" in key}
