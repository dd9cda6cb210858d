"""What does not fit into a wait becomes a job of velocity-point, whose result is the same answer."""

import time

import pytest

PATH = "/processes/velocity-point/execution"


@pytest.fixture(scope="module")
def points(place):
    """More places than are answered at once, all in a few pixels."""
    return [[place["lon"] + 1e-5 * k, place["lat"]] for k in range(30)]


@pytest.fixture(scope="module")
def many(points):
    return {"type": "MultiPoint", "coordinates": points}


def test_many_places_become_a_job_and_then_an_answer(api, many, ended, conforms):
    answer = api.post("/timeseries", json=many, params={"step": "P1M"})
    assert answer.status_code == 202
    assert answer.headers["retry-after"] == "15"
    assert answer.headers["location"] == f"{api.base_url}/jobs/{answer.json()['jobID']}"
    conforms(answer.json(), "statusInfo")
    job = ended(api, answer.headers["location"])[-1]
    assert (job["status"], job["processID"]) == ("successful", "velocity-point")
    whole = api.post("/timeseries", json=many, params={"step": "P1M"})
    assert whole.status_code == 200
    members = whole.json()["members"]
    assert len(members) == 30
    assert {member["method"]["step"] for member in members} == {"P1M"}
    made = api.get(f"{answer.headers['location']}/results").json()
    assert made["series"]["value"]["members"] == members
    assert made["summary"]["value"] == {"requested": 30, "solved": 30, "no_data": 0, "failed": 0}
    text = api.post("/timeseries", json=many, params={"step": "P1M", "f": "csv"})
    assert text.headers["content-type"].startswith("text/csv")


def test_a_job_outlives_the_service_that_made_it(serve, settings, many, ended):
    with serve() as client:
        job = client.post("/timeseries", json=many)
        assert job.status_code == 202
        ended(client, job.headers["location"])
        first = client.post("/timeseries", json=many)
    with serve() as client:  # nothing is in memory any more
        again = client.post("/timeseries", json=many)
    assert again.status_code == 200
    assert again.json()["members"] == first.json()["members"]


def test_a_client_may_prefer_a_job(serve, place, ended):
    with serve() as client:
        params = place | {"step": "P50D"}
        answer = client.get("/timeseries", params=params, headers={"Prefer": "respond-async"})
        assert answer.status_code == 202
        assert answer.headers["preference-applied"] == "respond-async"
        assert answer.headers["cache-control"] == "no-store"
        ended(client, answer.headers["location"])
        for headers in ({}, {"Prefer": "respond-async"}):
            whole = client.get("/timeseries", params=params, headers=headers)
            assert (whole.status_code, whole.json()["type"]) == (200, "VelocityTimeSeries")


def test_what_takes_too_long_becomes_a_job(serve, place, ended):
    with serve() as client:
        late = client.get("/timeseries", params=place, headers={"Prefer": "wait=0"})
        assert late.status_code == 202
        assert late.headers["preference-applied"] == "wait=0"
        assert ended(client, late.headers["location"])[-1]["status"] == "successful"


def test_execution_is_synchronous_by_default(api, place):
    inputs = {"points": [[place["lon"], place["lat"]], [-130, 60]], "step": "P1M", "observations": True}
    answer = api.post(PATH, json={"inputs": inputs})
    assert answer.status_code == 200
    assert 'rel="monitor"' in answer.headers["link"]
    members = answer.json()["series"]["value"]["members"]
    alone = api.get("/timeseries", params=place | {"step": "P1M", "observations": True}).json()
    assert alone.pop("links")
    assert members[0] == alone
    assert members[1]["type"] == f"{api.base_url}/problems/no-cube"
    assert answer.json()["summary"]["value"]["failed"] == 1


def test_execution_may_be_asynchronous(api, place, ended):
    inputs = {"points": {"type": "Point", "coordinates": [place["lon"], place["lat"]]}, "step": "P70D"}
    answer = api.post(PATH, json={"inputs": inputs}, headers={"Prefer": "respond-async"})
    assert answer.status_code == 201
    job = ended(api, answer.headers["location"])[-1]
    assert (job["status"], job["progress"]) == ("successful", 100)
    again = api.post(PATH, json={"inputs": inputs}, headers={"Prefer": "respond-async"})
    assert again.headers["location"] == answer.headers["location"]


def test_the_process_is_described(api, conforms):
    process = api.get("/processes/velocity-point").json()
    conforms(process, "process")
    assert process["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
    assert {"points", "step", "observations", "max_distance"} <= set(process["inputs"])


def test_the_estimate_counts_places(api, points):
    estimate = api.post("/processes/velocity-point/estimate", json={"inputs": {"points": points}}).json()
    assert (estimate["fits"], estimate["pixels"]) == (True, 30)
    assert estimate["cpu_seconds"]["expected"] > 0


BAD = {
    "no points": ({}, "body.inputs.points", "points is missing"),
    "no place": ({"points": []}, "body.inputs.points", "one place at least"),
    "off the globe": ({"points": [[1, 99]]}, "body.inputs.points", "leaves the globe"),
    "a line": (
        {"points": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}},
        "body.inputs.points",
        "LineString",
    ),
    "unknown input": ({"points": [[1, 2]], "stp": "P1M"}, "body.inputs.stp", "did you mean step"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_inputs_get_a_clear_answer(api, conforms, case):
    inputs, loc, message = BAD[case]
    answer = api.post(PATH, json={"inputs": inputs})
    assert answer.status_code == 400
    conforms(answer.json(), "exception")
    assert answer.json()["errors"][0]["loc"].startswith(loc)
    assert message in answer.json()["detail"]


def test_too_many_places_and_none_with_a_cube(api):
    answer = api.post(PATH, json={"inputs": {"points": [[-139.02, 60.745]] * 501}})
    assert (answer.status_code, answer.json()["limits"]["max_points"]) == (413, 500)
    answer = api.post(PATH, json={"inputs": {"points": [[-130, 60]]}})
    assert (answer.status_code, answer.json()["type"]) == (404, f"{api.base_url}/problems/no-cube")


def _slow(sites, *_):
    time.sleep(3)


def test_a_job_for_places_is_dismissed_at_once(serve, tasks_but, many):
    with serve(tasks=tasks_but(solve_sites=_slow)) as client:
        location = client.post("/timeseries", json=many).headers["location"]
        began = time.monotonic()
        assert client.delete(location).json()["status"] == "dismissed"
        assert client.get(location).json()["status"] == "dismissed"
        assert time.monotonic() - began < 3
