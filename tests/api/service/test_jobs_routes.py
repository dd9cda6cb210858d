import threading
import time

import httpx
import pytest
import xarray

from workers import tasks
from workers.errors import StoreNotWritable

PATH = "/processes/velocity-cube/execution"
OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"


def execute(client, region, **inputs):
    return client.post(PATH, json={"inputs": {"bbox": region, **inputs}}, headers={"Prefer": "respond-async"})


@pytest.fixture(scope="module")
def done(api, region, ended):
    """A job that went through: the answer to its request and all that was told of it."""
    answer = execute(api, region, step="P60D")
    return answer, ended(api, answer.headers["location"])


def test_acceptance_leads_to_the_job(api, done, conforms):
    answer, told = done
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == str(api.base_url.join(f"/jobs/{answer.json()['jobID']}"))
    assert answer.json()["status"] == "accepted"
    for document in (answer.json(), *told):
        conforms(document, "statusInfo")


def test_progress_is_by_blocks_and_never_turns_back(done):
    _, told = done
    assert told[-1]["status"] == "successful", told[-1]
    blocks = [document["blocks"] for document in told]
    assert blocks[-1]["done"] == blocks[-1]["total"] > 1
    assert [b["done"] for b in blocks] == sorted(b["done"] for b in blocks)
    assert told[-1]["progress"] == 100
    assert all(document["progress"] < 100 for document in told[:-1])
    assert told[-1]["message"] == f"All {blocks[-1]['total']} blocks are done."
    assert told[-1]["created"] <= told[-1]["started"] <= told[-1]["finished"]


def test_results_name_product_item_and_summary(api, done, conforms):
    _, told = done
    link = next(link for link in told[-1]["links"] if link["rel"].endswith("/results"))
    results = api.get(link["href"]).json()
    conforms(results, "results")
    summary = results["summary"]["value"]
    assert summary["requested"] == 1200
    assert summary["solved"] > 0
    assert summary["solved"] + summary["no_data"] + summary["failed"] == summary["requested"]
    item = api.get(results["item"]["href"]).json()
    assert results["product"]["href"] in [asset["href"] for asset in item["assets"].values()]
    product = xarray.open_zarr(results["product"]["href"], consolidated=True)
    assert product.vx.shape[1:] == (20, 60)
    assert float(product.v.max()) > 0


def test_the_item_is_found_by_search(api, done, region):
    found = api.get("/search", params={"bbox": ",".join(map(str, region))}).json()
    assert found["numberMatched"] == 1
    assert found["features"][0]["collection"] == "ogive-velocity"


def test_an_equal_request_is_answered_by_the_same_job(api, done, region):
    answer, _ = done
    wrapped = {"bbox": {"bbox": region, "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    again = api.post(PATH, json={"inputs": wrapped | {"step": {"value": "P60D"}}})
    assert again.status_code == 201
    assert again.headers["location"] == answer.headers["location"]
    assert (again.json()["reused"], answer.json()["reused"]) == (True, False)


def test_the_list_conforms_and_can_be_narrowed(api, done, conforms):
    document = api.get("/jobs").json()
    conforms(document, "jobList")
    assert len(document["jobs"]) == 1
    assert api.get("/jobs", params={"status": "failed,dismissed"}).json()["jobs"] == []
    assert len(api.get("/jobs", params={"processID": "velocity-cube"}).json()["jobs"]) == 1
    for name, value in (("status", "happy"), ("limit", 0), ("limit", 10**6), ("token", "first")):
        assert api.get("/jobs", params={name: value}).json()["errors"][0]["loc"] == f"query.{name}"


def test_documents_of_ended_jobs_may_be_kept_for_a_while(api, done):
    answer, _ = done
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["retry-after"]
    assert "max-age=60" in api.get(answer.headers["location"]).headers["cache-control"]


@pytest.mark.parametrize("path", ["/jobs/none", "/jobs/none/results"])
def test_an_unknown_job_is_told_with_the_uri_of_ogc(api, conforms, path):
    answer = api.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, f"{OGC}/no-such-job")
    conforms(answer.json(), "exception")
    assert api.delete("/jobs/none").status_code == 404


gate = threading.Event()


def wait_at_the_gate(plan, index, products, job_id, parts):
    """Compute a shard once the gate is open; a dismissed job is noticed as the real task notices it."""
    gate.wait(60)
    return tasks.compute_shard(plan, index, products, job_id, parts)


def test_a_running_job_can_be_dismissed_at_once(serve, tasks_but, spot, ended, conforms):
    gate.clear()
    with serve(tasks=tasks_but(compute_shard=wait_at_the_gate)) as client:
        location = execute(client, spot).headers["location"]
        while client.get(location).json()["status"] != "running":
            time.sleep(0.02)
        early = client.get(f"{location}/results")
        assert (early.status_code, early.json()["type"]) == (404, f"{OGC}/result-not-ready")
        assert early.json()["progress"] == 0
        began = time.monotonic()
        answer = client.delete(location)
        assert time.monotonic() - began < 2
        conforms(answer.json(), "statusInfo")
        assert answer.json()["status"] == "dismissed"
        gate.set()
        time.sleep(0.5)
        assert client.get(location).json()["status"] == "dismissed"
        assert client.get(f"{location}/results").status_code == 410
        second = execute(client, spot).json()
        assert second["reused"] is False
        assert second["jobID"] not in location
        assert ended(client, f"/jobs/{second['jobID']}")[-1]["status"] == "successful"


def test_the_record_of_an_ended_job_can_be_dropped_and_the_product_stays(serve, spot, ended):
    with serve() as client:
        location = execute(client, spot, step="P90D").headers["location"]
        ended(client, location)
        results = client.get(f"{location}/results").json()
        assert client.delete(location).json()["status"] == "dismissed"
        assert client.get(location).status_code == 404
        assert client.get(results["item"]["href"]).status_code == 200
        assert client.get(f"{results['product']['href']}/zarr.json").status_code == 200


def lose_blocks(plan, index, products, job_id, parts):
    """A shard one of whose blocks could not be read."""
    receipt = tasks.compute_shard(plan, index, products, job_id, parts)
    blocks = receipt.blocks | {"failed": 1}
    return receipt.model_copy(update={"blocks": blocks, "problems": (f"Chunk vx/0.0.{index} is truncated.",)})


def test_a_job_that_loses_too_many_blocks_fails_and_names_one(serve, tasks_but, spot, ended, conforms):
    with serve(tasks=tasks_but(compute_shard=lose_blocks)) as client:
        location = execute(client, spot).headers["location"]
        last = ended(client, location)[-1]
        assert last["status"] == "failed"
        assert "more than 5%" in last["message"]
        assert "vx/0.0." in last["message"]
        results = client.get(f"{location}/results")
        conforms(results.json(), "exception")
        assert results.json()["type"] == str(client.base_url.join("/problems/job-failed"))
        assert results.json()["detail"] == last["message"]


def refuse(plan, products):
    raise StoreNotWritable("The bucket is gone.")


def stumble(plan, index, products, job_id, parts):
    raise ZeroDivisionError("secret")


@pytest.mark.parametrize(
    ("replaced", "status", "words"),
    [
        ({"create_product": refuse}, 503, "The bucket is gone."),
        ({"compute_shard": stumble}, 500, "unforeseen"),
    ],
)
def test_a_job_that_fails_says_why(serve, tasks_but, spot, ended, replaced, status, words):
    with serve(tasks=tasks_but(**replaced)) as client:
        location = execute(client, spot).headers["location"]
        last = ended(client, location)[-1]
        results = client.get(f"{location}/results")
    assert last["status"] == "failed"
    assert words in last["message"]
    assert "secret" not in last["message"]
    assert results.status_code == results.json()["status"] == status


started = []


def first_shard_then_the_gate(plan, index, products, job_id, parts):
    """Let one shard through; the rest waits."""
    started.append(index)
    if len(started) > 1:
        gate.wait(60)
    return tasks.compute_shard(plan, index, products, job_id, parts)


def count(plan, index, products, job_id, parts):
    """Note which shard is computed."""
    started.append(index)
    return tasks.compute_shard(plan, index, products, job_id, parts)


def test_a_restarted_service_goes_on_from_the_finished_shards(serve, tasks_but, region, ended):
    gate.clear()
    started.clear()
    with serve(tasks=tasks_but(compute_shard=first_shard_then_the_gate)) as client:
        location = httpx.URL(execute(client, region).headers["location"]).path
        while client.get(location).json()["blocks"]["done"] == 0 or len(started) < 2:
            time.sleep(0.02)
        time.sleep(1.0)
        assert client.get(location).json()["status"] == "running"
        gate.set()
    first = started[0]
    started.clear()
    with serve(tasks=tasks_but(compute_shard=count)) as client:
        last = ended(client, location)[-1]
        assert last["status"] == "successful"
        assert first not in started
        assert client.get(f"{location}/results").json()["summary"]["value"]["requested"] == 1200
