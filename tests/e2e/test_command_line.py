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
from pathlib import Path

import httpx
import psutil
import pytest

from service.cli.subservice import Subservice, serving
from service.settings import PREFIX
from tests.e2e.making import SPEC, box

PLACE = {"lon": SPEC.lon, "lat": SPEC.lat}
WORDS = ["--lon", str(SPEC.lon), "--lat", str(SPEC.lat)]
CHOICES = {"step": "P1M", "datetime": "2015-06-01/2017-06-01", "coefficient": "30", "interval": "scaled"}
OPTIONS = [word for name, value in CHOICES.items() for word in (f"--{name}", value)]


def ogive(*words: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process of its own, with no settings but those given."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=timeout,
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


@pytest.fixture(scope="module")
def served(cube, tmp_path_factory) -> Iterator[Subservice]:
    folder = tmp_path_factory.mktemp("served")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OGIVE_DATA", str(folder / "data"))
        patch.setenv("OGIVE_WORKERS", "1")
        with serving(cube, folder / "serve.log") as running:
            yield running
    assert left_over(folder) == []


def test_the_service_announces_itself_in_one_line(served):
    said = [line for line in served.log.read_text().splitlines() if not line.startswith("INFO:")]
    assert len(said) == 1
    assert re.fullmatch(
        r"Ogive \S+ answers at http://127\.0\.0\.1:\d+ \(data in \S+\); Ctrl-C stops it", said[0]
    )


@pytest.mark.parametrize("observations", [False, True])
def test_json_is_the_very_document_of_the_service(served, cube, observations):
    query = PLACE | CHOICES | ({"observations": "true"} if observations else {})
    answered = httpx.get(f"{served.url}/timeseries", params=query, timeout=120).json()
    ran = ogive(
        "series", "--cube", str(cube), *WORDS, *OPTIONS, *(["--observations"] if observations else [])
    )
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert "links" not in document
    assert ("observations" in document) is observations
    assert document == {name: value for name, value in answered.items() if name != "links"}


def test_csv_is_that_of_the_service_and_a_file_holds_the_same(served, cube, tmp_path):
    answered = httpx.get(f"{served.url}/timeseries", params=PLACE | {"f": "csv"}, timeout=120).text
    ran = ogive("series", "--cube", str(cube), *WORDS, "-f", "csv", "-o", str(tmp_path / "series.csv"))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert (tmp_path / "series.csv").read_text() == answered


def test_the_plot_is_plain_where_there_is_no_terminal(cube, tmp_path):
    ran = ogive("series", "--cube", str(cube), *WORDS, "-f", "plot", COLUMNS="70")
    assert ran.returncode == 0, ran.stderr
    assert "\x1b" not in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 70
    ogive("series", "--cube", str(cube), *WORDS, "-f", "plot", "-o", str(tmp_path / "plot.txt"), COLUMNS="70")
    assert (tmp_path / "plot.txt").read_text() == ran.stdout


def test_a_place_without_a_cube_names_the_nearest(cube):
    ran = ogive("series", "--cube", str(cube), "--lon", "0", "--lat", "0")
    assert ran.returncode == 2
    assert re.fullmatch(rf"ogive: .*nearest is {cube.stem}.*\n", ran.stderr)


def test_a_region_runs_to_its_product(served):
    words = ["run", "velocity-cube", "--url", served.url, "--step", "P3M", "--wait"]
    ran = ogive(*words, f"--bbox={','.join(map(str, box(4, 4, 5, 6)))}")
    assert ran.returncode == 0, ran.stderr
    told = dict(line.split(maxsplit=1) for line in ran.stdout.splitlines())
    assert httpx.get(told["item"]).json()["id"] in told["product"]
    assert httpx.get(f"{told['product']}/zarr.json").json()["zarr_format"] == 3
    assert "failed 0" in told["pixels"]


def test_a_region_that_is_refused_is_one_line(served):
    ran = ogive("run", "velocity-cube", "--url", served.url, "--bbox", "10,20,11,10")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("ogive: ")
    assert ran.stderr.count("\n") == 1
    assert "south" in ran.stderr.lower() or "latitude" in ran.stderr.lower()


def test_a_store_that_takes_no_writes_stops_the_start_in_one_line(cube, tmp_path):
    (tmp_path / "file").write_text("no folder")
    ran = ogive(
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


def test_ctrl_c_ends_the_service_in_order(cube, tmp_path):
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--port", "0", "--cube", str(cube)],
            env={**os.environ, "OGIVE_DATA": str(tmp_path / "data"), "OGIVE_WORKERS": "1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    port = int(wait_for(r"127\.0\.0\.1:(\d+)", tmp_path / "log", process))
    process.send_signal(signal.SIGINT)
    assert process.wait(90) == 0
    assert left_over(tmp_path) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def wait_for(pattern: str, log: Path, process: subprocess.Popen, seconds: float = 90) -> str:
    deadline = time.monotonic() + seconds
    while (found := re.search(pattern, log.read_text())) is None:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return found[1]


SMALL_DEMO = """
from functools import partial
import workers.synthetic as synthetic
from service.cli import demo, main

synthetic.SyntheticCube = partial(synthetic.SyntheticCube, pairs=300, height=24, width=24, years=3.0)
demo.REGION_DEGREES = (0.004, 0.002)
main(["demo"])
"""


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory) -> Path:
    """Where the demonstrations of this module put their files, one after the other."""
    return tmp_path_factory.mktemp("demo")


@pytest.mark.parametrize(
    ("number", "code", "cube_told"),
    [
        (signal.SIGINT, 0, "Making a cube, 24 x 24 pixels, 300 image pairs"),
        (signal.SIGTERM, 128 + signal.SIGTERM, "The cube is there from an earlier run"),
    ],
)
def test_the_demonstration_shows_all_and_serves_on_until_a_signal(demonstrated, number, code, cube_told):
    said = demonstrated / f"{code}.txt"
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SMALL_DEMO],
            env={**os.environ, "OGIVE_DATA": str(demonstrated / "data"), "OGIVE_WORKERS": "1"},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = wait_for(r"goes on answering at (http://[\d.:]+),", said, process)
    assert httpx.get(f"{url}/health/live").status_code == 200
    process.send_signal(number)
    assert process.wait(90) == code
    assert left_over(demonstrated) == []
    told = said.read_text()
    for part in (
        cube_told,
        "95 % interval",
        "import pystac_client, xarray",
        "<xarray.DataArray 'v'",
        "long_name",
    ):
        assert part in told
    assert "Traceback" not in told
