"""The README is true: every command in it is run, in its order, and its table of settings is complete."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
MAKE = [line for line in COMMANDS if line.startswith("make ")]
SERVE = [line for line in COMMANDS if line.startswith("ogive serve")]
PROGRAMS = [text for language, text in BLOCKS if language == "python"]
RUN = [line for line in COMMANDS if line not in MAKE + SERVE] + PROGRAMS


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, subprocess.CompletedProcess[str]]]:
    """What became of each command and program: all run in one empty folder, beside the service they start."""
    folder = tmp_path_factory.mktemp("readme")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    # A busy machine may take longer than a client would wait.
    environment[f"{PREFIX}WAIT"] = "60"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    results: dict[str, subprocess.CompletedProcess[str]] = {}
    services: list[subprocess.Popen[str]] = []
    try:
        for language, text in BLOCKS:
            for command in [text] if language == "python" else text.splitlines():
                if command in MAKE:
                    continue
                here = command.replace("8000", port)
                if command in SERVE:
                    services.append(_start(here, folder, environment))
                    continue
                words = [sys.executable, "-c", here] if language == "python" else shlex.split(here)
                words[0] = shutil.which(words[0], path=environment["PATH"]) or words[0]
                results[command] = subprocess.run(
                    words, cwd=folder, env=environment, capture_output=True, text=True, timeout=180
                )
        yield results
    finally:
        for service in services:
            service.terminate()
        for service in services:
            service.wait(30)


def _start(command: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    log = folder / "serve.log"
    with log.open("w") as output:
        service = subprocess.Popen(
            shlex.split(command), cwd=folder, env=environment, stdout=output, stderr=output, text=True
        )
    deadline = time.monotonic() + 60
    while "answers at" not in log.read_text():
        assert service.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return service


def result(ran, start: str, count: int = 0) -> str:
    """What the command that starts so wrote to stdout."""
    return ran[[command for command in RUN if command.startswith(start)][count]].stdout


@pytest.mark.parametrize("command", RUN)
def test_every_command_works(ran, command):
    if command.startswith("curl") and shutil.which("curl") is None:
        pytest.skip("this machine has no curl")
    assert ran[command].returncode == 0, ran[command].stderr
    if "-o " not in command:
        assert ran[command].stdout.strip()


def test_both_answers_of_a_place_are_what_they_say(ran):
    document = json.loads(result(ran, "curl"))
    assert document["type"] == "VelocityTimeSeries"
    assert any(value is not None for value in document["series"]["v"])
    header = next(line for line in result(ran, "curl", 1).splitlines() if not line.startswith("#"))
    assert header.split(",")[:4] == ["time", "start", "end", "v"]


def test_the_job_tells_product_and_item(ran):
    assert [line.split()[0] for line in result(ran, "ogive run").splitlines()] == [
        "product",
        "item",
        "pixels",
    ]


def test_the_plot_is_one(ran):
    assert "95 % interval" in result(ran, "ogive series")


def test_python_finds_the_product(ran):
    assert "time" in result(ran, "import pystac_client").splitlines()[0]


def test_make_targets_are_there_and_run_in_continuous_integration():
    integration = (ROOT / ".ci" / "run").read_text()
    assert MAKE == ["make demo", "make test"]
    for command in MAKE:
        dry = subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True)
        assert dry.returncode == 0, dry.stderr
        assert re.search(rf"^\s*(\w+=\w+ )*{command}$", integration, re.MULTILINE)


def test_every_setting_has_its_row():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", README, re.MULTILINE))
    fields = {f"{PREFIX}{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert list(rows) == list(fields)
    for name, field in fields.items():
        assert rows[name].endswith(field.description.replace("|", r"\|")), name


def test_files_that_the_readme_names_exist():
    for name in re.findall(r"\b(LICENSE|SECURITY\.md|docker-compose\.yml)\b", README):
        assert (ROOT / name).is_file()
