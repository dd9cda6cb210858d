"""The HTTP client of the command line, against servers that misbehave in the ways that real ones do."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from service.cli import client, run
from service.cli.client import Service, ServiceFailed, Unreachable
from workers.errors import InvalidRequest, OgiveError

PROBLEM = "application/problem+json"
INVALID = {
    "type": "/problems/invalid-parameter",
    "title": "Invalid parameter",
    "status": 400,
    "detail": "The request is invalid.",
    "errors": [{"loc": "body.inputs.step", "msg": "step 'P1D' is 1 days."}],
}


class Answers(BaseHTTPRequestHandler):
    """Answers what the server's script says for a path, in turn; the last answer is repeated."""

    def do_GET(self) -> None:
        script = self.server.script[self.path.split("?")[0]]
        status, media_type, body, headers = script.pop(0) if len(script) > 1 else script[0]
        self.server.keys.append(self.headers["Authorization"])
        self.server.seen.append((self.command, self.path, self._body()))
        if status == 0:  # the connection breaks
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.do_GET()

    def _body(self):
        length = int(self.headers.get("Content-Length") or 0)
        return json.loads(self.rfile.read(length)) if length else None

    def log_message(self, *_: object) -> None:
        """Tests need no log."""


def answer(body, status=200, media_type="application/json", **headers):
    return status, media_type, body, headers


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.script, server.seen, server.keys = {}, [], []
    server.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(client, "POLL_SECONDS", 0.0)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)


def status(state: str, done: int = 0, **more):
    return answer(
        {"status": state, "message": f"{done} of 4 blocks", "blocks": {"total": 4, "done": done}, **more}
    )


def test_an_execution_gives_the_url_of_its_job(server):
    server.script["/processes/velocity-cube/execution"] = [answer({}, 201, Location="/jobs/7")]
    with Service(server.url + "/") as service:
        assert service.execute("velocity-cube", {"bbox": [1, 2, 3, 4]}) == f"{server.url}/jobs/7"
    assert server.seen == [("POST", "/processes/velocity-cube/execution", {"inputs": {"bbox": [1, 2, 3, 4]}})]


def test_the_key_goes_to_the_service_and_to_nobody_it_points_at(server, monkeypatch):
    monkeypatch.setenv("OGIVE_API_KEY", "ogive_key")
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.script["/here"] = [answer({}, 307, Location=f"{server.url}/there")]
    server.script["/there"] = [answer({}, 307, Location=f"{elsewhere}/away")]
    server.script["/away"] = [answer({})]
    with Service(server.url) as service:
        service.get("/here")
    assert server.keys == ["Bearer ogive_key", "Bearer ogive_key", None]


def test_a_problem_is_told_with_its_places(server):
    server.script["/jobs/7"] = [answer(INVALID, 400, PROBLEM)]
    with Service(server.url) as service, pytest.raises(InvalidRequest) as told:
        service.get("/jobs/7")
    assert told.value.message == "The request is invalid. body.inputs.step: step 'P1D' is 1 days."


def test_a_place_that_the_detail_names_already_is_not_told_twice(server):
    server.script["/x"] = [answer({**INVALID, "detail": "step 'P1D' is 1 days."}, 400, PROBLEM)]
    with Service(server.url) as service, pytest.raises(InvalidRequest, match=r"^step 'P1D' is 1 days\.$"):
        service.get("/x")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (answer("<h1>Bad gateway</h1>", 502, "text/html"), r"/x answered 502 Bad Gateway"),
        (answer("<h1>Welcome</h1>", 200, "text/html"), r"/x answered, but not as an Ogive service does"),
        (answer("{", 500, "application/json"), r"/x answered 500"),
        (answer("{", 200, "application/json"), r"/x answered, but not as an Ogive service does"),
        (answer(["a"], 500, "application/json"), r"/x answered 500"),
    ],
)
def test_what_is_no_answer_of_ogive_is_said(server, reply, told):
    server.script["/x"] = [reply]
    with Service(server.url) as service, pytest.raises(ServiceFailed, match=told):
        service.get("/x")


def test_nobody_at_the_address_is_said():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    with (
        Service(url) as service,
        pytest.raises(Unreachable, match=rf"at {url} .*start one with: ogive serve"),
    ):
        service.get("/")


@pytest.mark.parametrize("url", ["ogive", "ftp://127.0.0.1", "http://[::1"])
def test_what_is_no_url_is_said(url):
    with pytest.raises(Unreachable, match="is no URL of a service"), Service(url) as service:
        service.get("/")


def test_a_job_is_followed_to_its_end_across_an_outage(server, quick):
    gone = (0, "", "", {})
    server.script["/jobs/7"] = [status("accepted"), status("running", 1), gone, gone, status("successful", 4)]
    with Service(server.url) as service:
        seen = [state["status"] for state in service.follow("/jobs/7")]
    assert seen == ["accepted", "running", "successful"]


def test_an_outage_that_lasts_ends_the_waiting(server, quick):
    server.script["/jobs/7"] = [status("running", 1), (0, "", "", {})]
    with Service(server.url) as service, pytest.raises(Unreachable):
        list(service.follow("/jobs/7"))
    assert len(server.seen) == 7


def test_a_failed_job_is_an_error_that_says_why(server, quick):
    server.script["/jobs/7"] = [status("failed", 2, message="2 of 4 blocks failed, one of them: vx/0.3.1")]
    with Service(server.url) as service, pytest.raises(OgiveError, match=r"failed: 2 of 4 .* vx/0\.3\.1"):
        run.finish(service, f"{server.url}/jobs/7")


RESULTS = {
    "product": {"href": "s3://bucket/p.zarr"},
    "item": {"href": "http://x/collections/c/items/p"},
    "summary": {"value": {"solved": 9, "no_data": 1}},
}


@pytest.fixture
def job(server, quick):
    server.script["/processes/velocity-cube/execution"] = [answer({}, 201, Location="/jobs/7")]
    server.script["/jobs/7"] = [status("running", 3), status("successful", 4)]
    server.script["/jobs/7/results"] = [answer(RESULTS)]
    return server


BOX = ("--bbox", "-139.1,60.6,-138.8,60.8")


def test_run_prints_the_job(ogive, job):
    assert ogive("run", "velocity-cube", "--url", job.url, *BOX) == (0, f"{job.url}/jobs/7\n", "")


@pytest.mark.parametrize("box", [BOX, ("--bbox=-139.1,60.6,-138.8,60.8",)])
def test_run_sends_the_box_and_only_what_was_chosen(ogive, job, box):
    ogive("run", "velocity-cube", "--url", job.url, *box, "--step", "P1M", "--error-weights")
    assert job.seen[0][2] == {
        "inputs": {"bbox": [-139.1, 60.6, -138.8, 60.8], "step": "P1M", "error_weights": True}
    }


def test_run_waits_and_tells_product_item_and_pixels(ogive, job):
    ran = ogive("run", "velocity-cube", "--url", job.url, *BOX, "--wait")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "product  s3://bucket/p.zarr",
        "item     http://x/collections/c/items/p",
        "pixels   solved 9, no_data 1",
    ]
    assert "4/4 blocks" in ran.err


def test_run_of_a_job_that_is_dismissed_fails(ogive, job):
    job.script["/jobs/7"] = [status("dismissed", 1)]
    ran = ogive("run", "velocity-cube", "--url", job.url, *BOX, "--wait")
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == f"ogive: The job {job.url}/jobs/7 is dismissed: 1 of 4 blocks"


def test_run_refused_by_the_service_is_the_fault_of_the_request(ogive, job):
    job.script["/processes/velocity-cube/execution"] = [answer(INVALID, 400, PROBLEM)]
    ran = ogive("run", "velocity-cube", "--url", job.url, *BOX)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "ogive: The request is invalid. body.inputs.step: step 'P1D' is 1 days.\n"


def test_ctrl_c_while_waiting_tells_that_the_job_goes_on(ogive, job, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "finish", interrupt)
    ran = ogive("run", "velocity-cube", "--url", job.url, *BOX, "--wait")
    assert ran.code == 130
    assert f"the job goes on at {job.url}/jobs/7" in ran.err


def test_what_a_job_must_make_is_waited_for(server, quick):
    server.script["/timeseries"] = [answer({}, 202, Location="/jobs/1"), answer({"series": {}})]
    server.script["/jobs/1"] = [answer({"status": status}) for status in ("accepted", "successful")]
    with Service(server.url) as service:
        assert service.get("/timeseries", lon=1) == {"series": {}}
    assert [path for _, path, _ in server.seen] == [
        "/timeseries?lon=1",
        *["/jobs/1"] * 2,
        "/timeseries?lon=1",
    ]
