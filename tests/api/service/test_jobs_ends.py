"""Jobs that end before they are done: what stops, what stays, and who goes on from there."""

import threading
import time
from pathlib import Path

import pytest
import xarray

from workers import tasks
from workers.velocity import process

PATH = "/processes/velocity-cube/execution"


def execute(client, bbox, **inputs):
    answer = client.post(PATH, json={"inputs": {"bbox": bbox, **inputs}})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


class Slow:
    """Lets the shard that comes first through, and takes its time for each pixel of the others."""

    def __init__(self, solve, seconds):
        self.solve, self.seconds, self.busy = solve, seconds, threading.Semaphore(0)
        self.shards = self.pixels = 0

    def __call__(self, mosaic, row, column, *rest):
        self.shards += 1
        others = self.shards > 1
        for pixel in self.solve(mosaic, row, column, *rest):
            if others:
                self.pixels += 1
                self.busy.release()
                time.sleep(self.seconds)
            yield pixel


@pytest.fixture
def slow(monkeypatch):
    """Shards of many seconds, worked at by the real code."""
    slow = Slow(process.solve_window, 0.05)
    monkeypatch.setattr(process, "solve_window", slow)
    return slow


def told(client, location):
    return client.get(location).json()


def computed(products: Path) -> dict[str, int]:
    """When each shard object was written."""
    return {str(path): path.stat().st_mtime_ns for path in products.rglob("*/vx/c/0/*/*")}


def halves(job: dict) -> list[bool]:
    """Whether each shard of a product holds anything, read as anybody would while it grows."""
    product = xarray.open_zarr(next(link["href"] for link in job["links"] if link["rel"] == "preview"))
    return [bool(part.notnull().any()) for part in (product.v[..., :40], product.v[..., 40:])]


def test_dismissal_frees_the_workers_and_keeps_what_is_done(serve, settings, slow, region, ended):
    with serve() as client:
        location = execute(client, region)
        assert slow.busy.acquire(timeout=60)
        while (job := told(client, location))["status"] == "running" and not any(seen := halves(job)):
            time.sleep(0.2)
        assert sorted(seen) == [False, True]
        assert client.delete(location).json()["status"] == "dismissed"
        time.sleep(1.0)
        stopped_at = slow.pixels
        time.sleep(1.0)
        assert slow.pixels == stopped_at < 400
        before = computed(Path(settings.products))
        assert len(before) == 1
        slow.seconds = 0.0
        second = client.post(f"{location}/replay")
        assert second.json()["reused"] is False
        last = ended(client, second.headers["location"])[-1]
        assert last["status"] == "successful"
        assert before.items() < computed(Path(settings.products)).items()
        lines = [line["message"] for line in client.get(f"{last['links'][0]['href']}/logs").json()["logs"]]
    assert "1 of 2 shards were finished before." in lines


@pytest.mark.parametrize(
    ("wish", "kind", "status"),
    [
        ({"deadline": "PT6S"}, "deadline-exceeded", 504),
        ({"max_cpu_seconds": 1e-3}, "budget-exceeded", 409),
    ],
)
def test_a_deadline_or_a_budget_ends_a_job_with_what_is_done(
    serve, slow, region, ended, conforms, wish, kind, status
):
    with serve() as client:
        location = execute(client, region, **wish)
        last = ended(client, location)[-1]
        conforms(last, "statusInfo")
        assert last["status"] == "failed"
        results = client.get(f"{location}/results")
        assert (results.status_code, results.json()["type"].rpartition("/")[2]) == (status, kind)
        if kind == "deadline-exceeded":
            assert sorted(halves(last)) == [False, slow.shards > 1]
        slow.seconds = 0.0
        assert ended(client, execute(client, region))[-1]["status"] == "successful"


def test_jobs_wait_for_their_turn_and_no_more_are_taken_than_may(serve, settings, slow, region, spot, ended):
    few = settings.model_copy(update={"limit_jobs_running": 1, "limit_jobs_queued": 1})
    with serve(settings=few) as client:
        runs, waits = execute(client, region), execute(client, spot)
        assert slow.busy.acquire(timeout=60)
        assert [told(client, place)["status"] for place in (runs, waits)] == ["running", "accepted"]
        refused = client.post(PATH, json={"inputs": {"bbox": spot, "step": "P90D"}})
        assert refused.status_code == 429
        assert refused.headers["retry-after"]
        assert execute(client, spot) == waits
        queue = client.post("/processes/velocity-cube/estimate", json={"inputs": {"bbox": spot}})
        assert queue.json()["wall_seconds"]["queue"] > 0
        client.delete(runs)
        slow.seconds = 0.0
        assert ended(client, waits)[-1]["status"] == "successful"


def test_a_product_tells_when_it_expires_and_is_deleted_then(serve, settings, spot, ended):
    brief = settings.model_copy(update={"retention_days": 3 / 86_400})
    with serve(settings=brief) as client:
        location = execute(client, spot)
        assert ended(client, location)[-1]["expires"]
        href = client.get(f"{location}/results").json()["item"]["href"]
        item = client.get(href).json()
        assert item["properties"]["expires"] > item["properties"]["created"]
        assert any("/timestamps/" in extension for extension in item["stac_extensions"])
    time.sleep(3)
    with serve(settings=settings) as client:
        place = location[location.index("/jobs/") :]
        deadline = time.monotonic() + 30
        while client.get(place).status_code != 404:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert client.get(f"/collections/ogive-velocity/items/{item['id']}").status_code == 404
        left = [path for path in Path(settings.products).rglob("*") if item["id"] in str(path)]
        assert left == []
        again = client.post(PATH, json={"inputs": {"bbox": spot}}).json()
        assert again["reused"] is False
        assert ended(client, f"/jobs/{again['jobID']}")[-1]["status"] == "successful"


reads = []


def lose_blocks_at_first(plan, index, products, job_id, parts):
    """The first time that a shard is computed, one block of it cannot be read."""
    receipt = tasks.compute_shard(plan, index, products, job_id, parts)
    reads.append(index)
    if reads.count(index) > 1:
        return receipt
    lost = receipt.model_copy(update={"blocks": receipt.blocks | {"failed": 1}})
    name = tasks.PROCESSES[plan.process].product(plan).id
    tasks.receipts.save(tasks.ProductStore(products), name, lost)
    return lost


def test_after_lost_blocks_the_next_attempt_computes_these_shards_again(serve, tasks_but, spot, ended):
    reads.clear()
    with serve(tasks=tasks_but(compute_shard=lose_blocks_at_first)) as client:
        assert ended(client, execute(client, spot))[-1]["status"] == "failed"
        again = ended(client, execute(client, spot))[-1]
    assert again["status"] == "successful"
    assert again["blocks"]["failed"] == 0
    assert len(reads) == 2 * len(set(reads))
