"""What the log tells of a request: whose it is down to the shard, and nothing that was in its query."""

import logging
import time

import pytest

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def told(caplog):
    """Lines of a logger as (message, occasion at the time)."""
    from workers.telemetry.occasion import current

    def occasion(record):
        record.occasion = current()
        return True

    caplog.handler.addFilter(occasion)
    caplog.set_level(logging.INFO, "service")
    caplog.set_level(logging.INFO, "workers")

    def lines(name):
        """The lines of a logger; a request's comes a moment after the last byte of its answer."""
        until = time.monotonic() + 10
        while not (found := [each for each in caplog.records if each.name == name]):
            assert time.monotonic() < until, f"{name} tells nothing"
            time.sleep(0.01)
        return found

    yield lines
    caplog.handler.removeFilter(occasion)


def test_a_request_is_one_line_without_its_query(api, told):
    api.get("/jobs", params={"limit": "secret"}, headers={"X-Request-ID": "mine", "traceparent": TRACE})
    (line,) = told("service.access")
    assert line.occasion.request_id == "mine"
    assert line.occasion.traceparent == TRACE
    fields = line.fields
    assert fields["ms"] > 0
    assert fields["bytes"] > 0
    known = {"method": "GET", "path": "/jobs", "route": "/jobs", "status": 400}
    assert {name: fields[name] for name in known} == known
    assert "secret" not in line.getMessage() + str(fields)


def test_a_path_cannot_forge_a_line(api, told):
    api.get("/a%0A12:00:00 error service: b")
    (line,) = told("service.access")
    assert "\n" not in line.getMessage()
    assert line.fields["route"] == "unmatched"


@pytest.mark.parametrize("sent", ["00-0-1-01", f"ff{TRACE[2:]}", TRACE.upper(), "x" * 200])
def test_a_malformed_trace_is_not_taken_over(api, told, sent):
    api.get("/limits", headers={"traceparent": sent})
    (line,) = told("service.access")
    assert line.occasion.traceparent is None


def test_probes_that_find_all_well_are_not_told(api, told):
    api.get("/health/live")
    api.get("/health/ready")
    api.get("/limits")
    assert [line.fields["route"] for line in told("service.access")] == ["/limits"]


def test_a_shard_knows_the_request_the_job_and_itself(api, told, spot, ended):
    headers = {"X-Request-ID": "started-it", "traceparent": TRACE}
    body = {"inputs": {"bbox": spot, "coefficient": 77}}
    answer = api.post("/processes/velocity-cube/execution", json=body, headers=headers)
    ended(api, answer.headers["Location"])
    (line, *_) = told("workers.tasks")
    assert line.occasion.request_id == "started-it"
    assert line.occasion.job_id == answer.headers["Location"].rpartition("/")[2]
    assert line.occasion.shard == 0
    assert line.occasion.traceparent == TRACE
