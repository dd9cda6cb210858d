import io
import json
import logging
import sys
from collections.abc import Callable

import pytest

from workers.telemetry import logs
from workers.telemetry.occasion import on_behalf

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def written(monkeypatch):
    """Install the logging of a process on a stream, for the test alone; what was written."""
    names = ["", *logs.OWN, *logs.DASK, "distributed.worker", "httpx"]
    before = {name: (logging.getLogger(name), *_state(name)) for name in names}
    stream = io.StringIO()

    def install(form: logs.Form, level: logs.Level = "info", dask: bool = False) -> Callable[[], list[str]]:
        monkeypatch.setattr(sys, "stderr", stream)
        logs.install(form, level, dask)
        return lambda: stream.getvalue().splitlines()

    yield install
    for logger, level, handlers, propagate in before.values():
        logger.setLevel(level)
        logger.handlers[:], logger.propagate = handlers, propagate


def _state(name):
    logger = logging.getLogger(name)
    return logger.level, list(logger.handlers), logger.propagate


def test_a_json_line_tells_its_occasion_and_its_extras(written):
    lines = written("json")
    with on_behalf(request_id="r", job_id="j", shard=3, traceparent=TRACE):
        logging.getLogger("workers.tasks").info("Sérac %d", 7, extra={"fields": {"status": 200}})
    (line,) = map(json.loads, lines())
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "workers.tasks",
        "message": "Sérac 7",
        "request_id": "r",
        "job_id": "j",
        "shard": 3,
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "status": 200,
    }


def test_a_traceback_stays_in_its_json_line(written):
    lines = written("json")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logging.getLogger("service").exception("It failed")
    (line,) = map(json.loads, lines())
    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback")
    assert "request_id" not in line


def test_a_plain_line_cannot_be_forged_by_what_comes_from_outside(written):
    lines = written("text")
    with on_behalf(request_id="r", job_id="j"):
        logging.getLogger("service").warning("Asked for %s", "a\n12:00:00 error service: b\r")
    (line,) = lines()
    assert line.endswith("service: Asked for a\\n12:00:00 error service: b\\r (request r, job j)")


def test_loggers_of_libraries_write_once_in_the_same_form_and_only_warn(written):
    logging.getLogger("distributed").addHandler(logging.StreamHandler(sys.stderr))
    logging.getLogger("distributed").propagate = False
    lines = written("json")
    logging.getLogger("distributed.worker").info("chatter")
    logging.getLogger("httpx").info("GET https://me.example/done?token=secret")
    logging.getLogger("distributed.worker").warning("Worker exceeded its memory")
    assert [json.loads(line)["message"] for line in lines()] == ["Worker exceeded its memory"]


def test_processes_of_dask_tell_what_dask_does(written):
    lines = written("json", dask=True)
    logging.getLogger("distributed.worker").info("Registered to: tcp://scheduler:8786")
    assert len(lines()) == 1


def test_a_worker_heeds_the_variables_and_survives_wrong_ones(written):
    lines = written("text")
    logs.install_from({logs.FORM: "json", logs.LEVEL: "warning"})
    logging.getLogger("workers").info("too little")
    logging.getLogger("workers").warning("enough")
    assert [json.loads(line)["message"] for line in lines()] == ["enough"]
    logs.install_from({logs.FORM: "xml", logs.LEVEL: "loud"})
    logging.getLogger("workers").info("plain")
    assert lines()[-1].endswith("info workers: plain")
