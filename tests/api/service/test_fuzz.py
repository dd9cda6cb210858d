"""A few hundred random requests over the whole description; `make soak` sends thousands."""

from tests.soak.fuzz import fuzz

CASES = 80


def test_no_request_makes_the_service_fail(api, spot, ended):
    started = api.post("/processes/velocity-cube/execution", json={"inputs": {"bbox": spot}})
    assert ended(api, started.headers["location"])[-1]["status"] == "successful"
    found = fuzz(str(api.base_url), CASES, seconds=90)
    assert found.problems == {}
    assert found.cases > 20
    assert {200, 400, 404} <= set(found.answers)
