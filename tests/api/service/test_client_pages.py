"""The pages for clients are true: each block of code is run, each address requested."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

FOLDER = Path(__file__).parents[3] / "docs" / "clients"
ADDRESS = "http://127.0.0.1:8000"
BLOCKS = [
    (page.stem, language, text)
    for page in sorted(FOLDER.glob("*.md"))
    for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
]
PROGRAMS = {
    "python": [sys.executable, "-c"],
    "javascript": ["node", "--input-type=module", "-e"],
    "r": ["Rscript", "-e"],
}
CODE = [(language, text) for _, language, text in BLOCKS if language in PROGRAMS]
COMMANDS = [line for _, language, text in BLOCKS if language == "sh" for line in text.splitlines()]


@pytest.fixture(scope="module")
def service(api, ended) -> str:
    """Address of a service with the product that the pages look for."""
    [make] = [command for command in COMMANDS if "velocity-cube/execution" in command]
    body = json.loads(shlex.split(make)[-1])
    started = api.post("/processes/velocity-cube/execution", json=body)
    assert ended(api, started.headers["location"])[-1]["status"] == "successful"
    return str(api.base_url).rstrip("/")


def run(words: list[str], folder: Path) -> str:
    if shutil.which(words[0]) is None:
        pytest.skip(f"this machine has no {words[0]}")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_works(service, tmp_path, command) -> None:
    words = shlex.split(command.replace(ADDRESS, service))
    answer = run([words[0], "--fail-with-body", *words[1:]], tmp_path)
    assert answer or (tmp_path / "items.parquet").stat().st_size > 0


@pytest.mark.parametrize(("language", "text"), CODE, ids=[language for language, _ in CODE])
def test_every_program_works(service, tmp_path, language, text) -> None:
    assert run([*PROGRAMS[language], text.replace(ADDRESS, service)], tmp_path).strip()


def test_every_page_has_its_code_and_is_listed() -> None:
    listed = re.findall(r"\]\((\w+\.md)\)", (FOLDER / "README.md").read_text())
    assert sorted(listed) == sorted(page.name for page in FOLDER.glob("*.md") if page.stem != "README")
    assert {page for page, *_ in BLOCKS} == {page.stem for page in FOLDER.glob("*.md")} - {"qgis"}


def test_the_grafana_panel_gets_the_columns_that_it_names(service) -> None:
    [text] = [text for page, language, text in BLOCKS if (page, language) == ("grafana", "json")]
    panel: dict[str, Any] = json.loads(text)
    assert panel["type"] == "timeseries"
    for target in panel["targets"]:
        answer = httpx.get(target["url"].replace(ADDRESS, service)).raise_for_status()
        lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
        rows = list(csv.DictReader(lines))
        assert {column["selector"] for column in target["columns"]} <= set(rows[0])
        assert any(row["v"] for row in rows)


def test_qgis_itself_sees_the_values_of_the_service(service, tmp_path) -> None:
    python = "/usr/bin/python3"  # whose packages are those of the system, as QGIS is
    if subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False).returncode:
        pytest.skip("this machine has no QGIS; on Debian: apt-get install python3-qgis")
    item = httpx.get(f"{service}/search").json()["features"][0]["id"]
    page = (FOLDER / "qgis.md").read_text()
    for part, file in (("/data?f=netcdf", "product.nc"), ("f=csv", "part.csv")):
        (address,) = [found for found in re.findall(rf"{ADDRESS}[^\s`]*", page) if found.endswith(part)]
        answer = httpx.get(address.replace(ADDRESS, service).replace("{item}", item), timeout=60)
        (tmp_path / file).write_bytes(answer.raise_for_status().content)
    ran = subprocess.run(
        [python, Path(__file__).with_name("seen_by_qgis.py"), service, tmp_path],
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert item in told["items"]
    assert told["crs"] == ["EPSG:4326", "EPSG:32607", "EPSG:32607", "EPSG:32607"]
    assert len(told["seen"]) == 4
    for listed, band, face in told["seen"]:
        assert band == face == pytest.approx(listed, rel=1e-6)


def test_every_address_for_qgis_answers(service) -> None:
    text = (FOLDER / "qgis.md").read_text()
    addresses = {found.rstrip('`"') for found in re.findall(rf"{ADDRESS}[^\s`\"]*", text)}
    assert len(addresses) == 6
    item = httpx.get(f"{service}/search").json()["features"][0]["id"]
    for address in addresses:
        answer = httpx.get(address.replace(ADDRESS, service).replace("{item}", item), timeout=60)
        assert answer.status_code == 200, address
        assert answer.content
