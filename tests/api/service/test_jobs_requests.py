"""What identifies a request for a job, what it is told before, and what is kept of it."""

import pytest

from workers import tasks
from workers.costs import CostModel, effort
from workers.cubes import opened
from workers.cubes.zarr_source import ZarrSource
from workers.plan import CubeSource

PATH = "/processes/velocity-cube/execution"


def execute(client, bbox, headers=None, **inputs):
    answer = client.post(PATH, json={"inputs": {"bbox": bbox, **inputs}}, headers=headers or {})
    assert answer.status_code == 201, answer.text
    return answer


@pytest.fixture(scope="module")
def first(api, spot, ended):
    """A finished job."""
    answer = execute(api, spot, {"Idempotency-Key": "first"}, step="P90D")
    assert ended(api, answer.headers["location"])[-1]["status"] == "successful"
    return answer


def test_an_estimate_tells_size_cost_and_limits_and_starts_nothing(api, region, spot):
    before = len(api.get("/jobs").json()["jobs"])
    estimate = api.post("/processes/velocity-cube/estimate", json={"inputs": {"bbox": region}}).json()
    assert (estimate["fits"], estimate["mode"], estimate["pixels"]) == (True, "async", 1200)
    assert estimate["layers"] == {"median": 120, "max": 120}
    cost = estimate["cpu_seconds"]
    assert cost["low"] < cost["expected"] < cost["high"]
    assert estimate["wall_seconds"]["workers"] == 1
    assert estimate["read_bytes"] > 0 < estimate["write_bytes"]
    assert estimate["limits"] == {"max_pixels": 1_000_000, "max_cpu_seconds": 72_000}
    assert "pixels *" in estimate["model"]
    # Open sides end where the pairs do, whose record is of two years.
    whole, half = (
        api.post("/processes/velocity-cube/estimate", json={"inputs": {"bbox": region, "datetime": asked}})
        for asked in ("2015-01-01/..", "2015-01-01/2015-12-31")
    )
    assert whole.json()["write_bytes"] == pytest.approx(estimate["write_bytes"], rel=0.1)
    assert half.json()["write_bytes"] == pytest.approx(estimate["write_bytes"] / 2, rel=0.1)
    assert len(api.get("/jobs").json()["jobs"]) == before
    job = execute(api, spot, step="P200D").json()
    of_spot = api.post("/processes/velocity-cube/estimate", json={"inputs": {"bbox": spot}}).json()
    assert job["blocks"]["total"] == of_spot["blocks"]
    api.delete(f"/jobs/{job['jobID']}")


def test_an_estimate_reads_no_velocity_and_dates_only_where_a_side_is_open(cube, region, monkeypatch):
    read = []

    def noted(self, wanted):
        read.extend(name for name, _ in wanted)
        return truly(self, wanted)

    truly = ZarrSource.read
    monkeypatch.setattr(ZarrSource, "read", noted)
    opened._opened.cache_clear()
    asked = {"bbox": region, "datetime": "2015-01-01/2016-12-31"}
    size = tasks.size_job("velocity-cube", asked, CubeSource(cubes=(cube,)))
    assert (size.pixels, size.layers) == (1200, (120,))
    assert not read
    undated = tasks.size_job("velocity-cube", {"bbox": region}, CubeSource(cubes=(cube,)))
    assert undated.write_bytes == pytest.approx(size.write_bytes, rel=0.1)
    assert "acquisition_date_img1" in read
    assert not {"vx", "vy", "v"} & {*read}


def test_an_estimate_refuses_what_an_execution_refuses(api, spot):
    path = "/processes/velocity-cube/estimate"
    wrong = api.post(path, json={"inputs": {"bbox": spot, "deadlin": "PT1H"}})
    assert (
        wrong.json()["errors"]
        == [{"loc": "body.inputs.deadlin", "msg": "deadlin is not known here; did you mean deadline?"}]
        or "did you mean deadline" in wrong.json()["detail"]
    )
    assert api.post(path, json={"inputs": {"bbox": [-130, 60, -129.9, 60.1]}}).status_code == 404
    assert api.post("/processes/none/estimate", json={}).status_code == 404


def test_a_cost_over_the_limit_is_refused_with_a_split(serve, settings, region):
    cost = CostModel().expected(1200, [120]) * effort("auto")
    with serve(settings=settings.model_copy(update={"limit_cpu_seconds": cost / 2})) as client:
        answer = client.post(PATH, json={"inputs": {"bbox": region}})
        assert answer.status_code == 413
        document = answer.json()
        assert "processor hours" in document["detail"]
        assert document["estimate"]["cpu_seconds"]["expected"] == pytest.approx(cost, abs=1e-3)
        assert document["async"] == PATH
        assert document["refused_by"]["setting"] == "OGIVE_LIMIT_CPU_SECONDS"
        for bbox in document["split"]:
            part = client.post("/processes/velocity-cube/estimate", json={"inputs": {"bbox": bbox}})
            assert part.json()["fits"]


@pytest.mark.parametrize(
    ("inputs", "name"),
    [
        ({"deadline": "soon"}, "deadline"),
        ({"deadline": "2026-13-01T00:00:00Z"}, "deadline"),
        ({"deadline": "PT0S"}, "deadline"),
        ({"max_cpu_seconds": 0}, "max_cpu_seconds"),
        ({"force": "perhaps"}, "force"),
    ],
)
def test_wishes_about_the_job_are_checked(api, spot, inputs, name):
    answer = api.post(PATH, json={"inputs": {"bbox": spot, **inputs}})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == f"body.inputs.{name}"


def test_the_description_of_the_process_has_the_wishes_too(api):
    inputs = api.get("/processes/velocity-cube").json()["inputs"]
    assert {"force", "deadline", "max_cpu_seconds"} <= set(inputs)


def test_a_key_makes_a_retry_safe(api, first, spot):
    again = execute(api, spot, {"Idempotency-Key": "first"}, step="P90D")
    assert again.headers["location"] == first.headers["location"]
    other = api.post(PATH, json={"inputs": {"bbox": spot}}, headers={"Idempotency-Key": "first"})
    assert other.status_code == 422
    assert other.json()["type"] == str(api.base_url.join("/problems/idempotency-conflict"))


def test_force_makes_a_new_version_and_links_the_two(api, first, spot, ended):
    forced = execute(api, spot, step="P90D", force=True)
    assert forced.json()["reused"] is False
    assert forced.json()["request_sha256"] == first.json()["request_sha256"]
    assert ended(api, forced.headers["location"])[-1]["status"] == "successful"
    items = [
        api.get(api.get(f"{answer.headers['location']}/results").json()["item"]["href"]).json()
        for answer in (first, forced)
    ]
    assert [item["properties"]["version"] for item in items] == ["1", "2"]
    assert items[0]["properties"]["deprecated"] is True

    def linked(item, rel):
        return api.get(next(link["href"] for link in item["links"] if link["rel"] == rel)).json()["id"]

    assert linked(items[0], "successor-version") == items[1]["id"]
    assert linked(items[1], "predecessor-version") == items[0]["id"]
    newest = execute(api, spot, step="P90D")
    assert newest.headers["location"] == forced.headers["location"]


def test_a_replay_of_a_success_on_the_same_cube_is_the_job_itself(api, spot, ended):
    done = execute(api, spot, step="P120D")
    ended(api, done.headers["location"])
    replay = api.post(f"{done.headers['location']}/replay")
    assert (replay.status_code, replay.json()["reused"]) == (201, True)
    assert replay.headers["location"] == done.headers["location"]
    assert api.post("/jobs/none/replay").status_code == 404


def test_request_log_and_chosen_results_can_be_read(api, first, conforms):
    here = first.headers["location"]
    links = {link["rel"]: link["href"] for link in api.get(here).json()["links"]}
    kept = api.get(links["inputs"]).json()
    assert kept["inputs"]["step"] == "P90D"
    assert kept["processID"] == "velocity-cube"
    lines = api.get(links["logs"]).json()["logs"]
    assert lines[0]["message"].startswith("Accepted: ")
    assert lines[-1]["message"].endswith("blocks are done.")
    page = api.get(links["logs"], params={"limit": 1}).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert page["logs"] + api.get(following).json()["logs"] == lines[:2]
    some = api.get(f"{here}/results", params={"outputs": "summary,item"}).json()
    conforms(some, "results")
    assert list(some) == ["summary", "item"]
    wrong = api.get(f"{here}/results", params={"outputs": "sumary"})
    assert wrong.json()["errors"][0]["loc"] == "query.outputs"


def test_lists_are_paged_by_opaque_tokens_and_narrowed(api, first, spot):
    execute(api, spot, step="P200D")
    page = api.get("/jobs", params={"limit": 1, "processID": "velocity-cube"}).json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    second = api.get(following).json()
    assert page["jobs"][0]["jobID"] != second["jobs"][0]["jobID"]
    assert "processID=velocity-cube" in following
    assert api.get("/jobs", params={"datetime": "../2000-01-01T00:00:00Z"}).json()["jobs"] == []
    assert api.get("/jobs", params={"minDuration": 10**6}).json()["jobs"] == []
    for name, value in (("token", "x"), ("datetime", "yesterday"), ("minDuration", -1)):
        answer = api.get("/jobs", params={name: value})
        assert (answer.status_code, answer.json()["errors"][0]["loc"]) == (400, f"query.{name}")
