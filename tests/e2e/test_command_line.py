"""The command line on the real thing: a served cube, jobs, signals, and nothing left running behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from service.cli.subservice import serving
from service.settings import PREFIX
from tests.e2e.making import SPEC, box

PLACE = {"lon": SPEC.lon, "lat": SPEC.lat}
PATIENT = {"Prefer": "wait=60"}
WORDS = ["--lon", str(SPEC.lon), "--lat", str(SPEC.lat)]
CHOICES = {"step": "P1M", "datetime": "2015-06-01/2017-06-01", "coefficient": "30", "interval": "scaled"}
OPTIONS = [word for name, value in CHOICES.items() for word in (f"--{name}", value)]


def process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own, with no settings but those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def left_over(mark: Path) -> list[str]:
    """Command lines of processes whose data folder lies below a folder, and which do not end in a moment."""
    deadline = time.monotonic() + 10
    while (found := _running(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _running(mark: Path) -> list[str]:
    found = []
    for process in psutil.process_iter(["environ", "cmdline"]):
        environment = process.info["environ"] or {}
        if environment.get("OGIVE_DATA", "").startswith(str(mark)):
            found.append(" ".join(process.info["cmdline"] or []))
    return found


@dataclass
class Started:
    """A command that runs on until a signal."""

    process: subprocess.Popen[bytes]
    folder: Path
    log: Path
    url: str = ""

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, pattern: str, seconds: float = 90) -> str:
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.said())) is None:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        return found[1]

    def ends(self, number: signal.Signals) -> int:
        """The code that it ends with after a signal; nothing that it started is left."""
        self.process.send_signal(number)
        code = self.process.wait(90)
        assert left_over(self.folder) == []
        assert "Traceback" not in self.said()
        return code


def start(words: list[str], folder: Path, log: str) -> Started:
    with (folder / log).open("w") as output:
        process = subprocess.Popen(
            [sys.executable, *words],
            env={**os.environ, "OGIVE_DATA": str(folder / "data"), "OGIVE_WORKERS": "1"},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Started(process, folder, folder / log)


@pytest.fixture(scope="module")
def served(cube, tmp_path_factory) -> Iterator[Started]:
    """The service of this module; the test of Ctrl-C, its last one, ends it."""
    words = ["-m", "service.cli", "serve", "--port", "0", "--cube", str(cube)]
    running = start(words, tmp_path_factory.mktemp("served"), "serve.log")
    try:
        running.url = running.wait_for(r"answers at (http://[\d.:]+)")
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_the_service_announces_itself_in_one_line(served):
    said = [line for line in served.said().splitlines() if not line.startswith("INFO:")]
    assert len(said) == 1
    assert re.fullmatch(
        r"Ogive \S+ answers at http://127\.0\.0\.1:\d+ \(data in \S+\); Ctrl-C stops it", said[0]
    )


def test_nothing_of_it_listens_to_other_machines(served):
    service = psutil.Process(served.process.pid)
    listening = {
        connection.laddr.ip
        for process in (service, *service.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_header_lines_without_end_are_not_waited_for(served):
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"GET /limits HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 40_000)
        assert connection.recv(99).startswith(b"HTTP/1.1 400 ")
    assert httpx.get(f"{served.url}/limits", headers={"X-Long": "a" * 30_000}).status_code == 200


@pytest.mark.parametrize("observations", [False, True])
def test_json_is_the_very_document_of_the_service(served, cube, ogive, observations):
    query = PLACE | CHOICES | ({"observations": "true"} if observations else {})
    answered = httpx.get(f"{served.url}/timeseries", params=query, headers=PATIENT, timeout=120).json()
    ran = ogive(
        "series", "--cube", str(cube), *WORDS, *OPTIONS, *(["--observations"] if observations else [])
    )
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert "links" not in document
    assert ("observations" in document) is observations
    assert document == {name: value for name, value in answered.items() if name != "links"}


def test_csv_is_that_of_the_service_and_a_file_holds_the_same(served, cube, tmp_path):
    answered = httpx.get(
        f"{served.url}/timeseries", params=PLACE | {"f": "csv"}, headers=PATIENT, timeout=120
    ).text
    ran = process("series", "--cube", str(cube), *WORDS, "-f", "csv", "-o", str(tmp_path / "series.csv"))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert (tmp_path / "series.csv").read_text() == answered


def test_the_plot_is_plain_where_there_is_no_terminal(cube, ogive, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    ran = ogive("series", "--cube", str(cube), *WORDS, "-f", "plot")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out
    assert max(map(len, ran.out.splitlines())) <= 70
    ogive("series", "--cube", str(cube), *WORDS, "-f", "plot", "-o", str(tmp_path / "plot.txt"))
    assert (tmp_path / "plot.txt").read_text() == ran.out


def test_a_place_without_a_cube_names_the_nearest(cube, ogive):
    ran = ogive("series", "--cube", str(cube), "--lon", "0", "--lat", "0")
    assert ran.code == 2
    assert re.fullmatch(rf"ogive: .*nearest is {cube.stem}.*\n", ran.err)


def test_a_region_runs_to_its_product(served, ogive):
    words = ["run", "velocity-cube", "--url", served.url, "--step", "P3M", "--wait"]
    ran = ogive(*words, f"--bbox={','.join(map(str, box(4, 4, 5, 6)))}")
    assert ran.code == 0, ran.err
    told = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert httpx.get(told["item"]).json()["id"] in told["product"]
    assert httpx.get(f"{told['product']}/zarr.json").json()["zarr_format"] == 3
    assert "failed 0" in told["pixels"]


def test_a_region_is_estimated_before_it_runs(served, ogive):
    words = ["run", "velocity-cube", "--url", served.url, f"--bbox={','.join(map(str, box(4, 4, 5, 6)))}"]
    ran = ogive(*words, "--estimate", "--deadline", "PT1H", "--max-cpu-seconds", "60", "--force")
    assert ran.code == 0, ran.err
    told = dict(line.split(maxsplit=1) for line in ran.out.splitlines())
    assert list(told) == ["fits", "pixels", "cpu", "lasts", "bytes"]
    assert told["fits"].startswith("yes (max_pixels ")
    wrong = ogive(*words, "--estimate", "--deadline", "soon")
    assert wrong.code == 2
    assert "deadline 'soon'" in wrong.err


def test_a_region_that_is_refused_is_one_line(served, ogive):
    ran = ogive("run", "velocity-cube", "--url", served.url, "--bbox", "10,20,11,10")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("ogive: ")
    assert ran.err.count("\n") == 1
    assert "south" in ran.err.lower() or "latitude" in ran.err.lower()


def test_ctrl_c_ends_the_service_in_order(served):
    port = int(served.url.rsplit(":", 1)[1])
    assert served.ends(signal.SIGINT) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_store_that_takes_no_writes_stops_the_start_in_one_line(cube, tmp_path):
    (tmp_path / "file").write_text("no folder")
    ran = process(
        "serve",
        "--port",
        "0",
        "--cube",
        str(cube),
        OGIVE_DATA=str(tmp_path / "data"),
        OGIVE_PRODUCTS=str(tmp_path / "file" / "products"),
    )
    assert ran.returncode == 1
    assert re.fullmatch(r"ogive: Products cannot be written to \S+file/products.*\n", ran.stderr)


def test_a_service_that_does_not_start_is_told_by_who_started_it(tmp_path, cube, monkeypatch):
    monkeypatch.setenv("OGIVE_WORKERS", "none")
    monkeypatch.setenv("OGIVE_DATA", str(tmp_path / "data"))
    with pytest.raises(Exception, match=r"ended with code 2: OGIVE_WORKERS: Input should be"):
        serving(cube, tmp_path / "serve.log").__enter__()


SMALL_DEMO = """
from functools import partial
import workers.synthetic as synthetic
from service.cli import demo, main

synthetic.SyntheticCube = partial(synthetic.SyntheticCube, pairs=300, height=24, width=24, years=3.0)
demo.REGION_DEGREES = (0.004, 0.002)
main(["demo"])
"""


def test_a_demonstration_shows_all_until_ctrl_c_and_the_next_begins_with_its_cube(
    tmp_path,
):
    first = start(["-c", SMALL_DEMO], tmp_path, "first.txt")
    url = first.wait_for(r"goes on answering at (http://[\d.:]+),")
    assert httpx.get(f"{url}/health/live").status_code == 200
    assert first.ends(signal.SIGINT) == 0
    for part in (
        "Making a cube, 24 x 24 pixels, 300 image pairs",
        "95 % interval",
        "import pystac_client, xarray",
        "<xarray.DataArray 'v'",
        "long_name",
    ):
        assert part in first.said()
    second = start(["-c", SMALL_DEMO], tmp_path, "second.txt")
    second.wait_for(r"(Ogive answers at)")
    assert "The cube is there from an earlier run" in second.said()
    assert second.ends(signal.SIGTERM) == 128 + signal.SIGTERM
