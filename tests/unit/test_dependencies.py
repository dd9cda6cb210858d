"""What Ogive stands on: locked whole and by hash, and asked about where there is an answer."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.audit import CLEAN, NOT_DONE, VULNERABLE, audit, judge

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DIRECT = {
    "requirements.lock": PROJECT["project"]["dependencies"],
    "requirements-dev.lock": PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"],
}
NONE = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found"}


def locked(lock: str) -> list[tuple[Requirement, int]]:
    """Each requirement of a lock, and how many hashes it has."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [
        (Requirement(line.partition(" --hash")[0].strip()), line.count("--hash=sha256:")) for line in lines
    ]


@pytest.mark.parametrize("lock", DIRECT)
def test_every_package_is_pinned_by_version_and_hash(lock):
    found = locked(lock)
    assert len(found) > 50
    for requirement, hashes in found:
        assert re.fullmatch(r"==[^*]+", str(requirement.specifier)), requirement
        assert requirement.url is None, requirement
        assert hashes > 0, requirement


@pytest.mark.parametrize("lock", DIRECT)
def test_a_lock_holds_what_the_project_asks_for(lock):
    pinned: dict[str, list[str]] = {}
    for requirement, _ in locked(lock):
        version = str(requirement.specifier).removeprefix("==")
        pinned.setdefault(canonicalize_name(requirement.name), []).append(version)
    for text in DIRECT[lock]:
        asked = Requirement(text)
        versions = pinned.get(canonicalize_name(asked.name), [])
        assert versions, text
        assert all(asked.specifier.contains(version) for version in versions), text


def test_what_runs_here_is_what_is_locked():
    here = {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}
    wrong = [
        f"{requirement} is locked, {here.get(canonicalize_name(requirement.name))} is here"
        for requirement, _ in locked("requirements-dev.lock")
        if requirement.marker is None or requirement.marker.evaluate(dict(default_environment()))
        if not requirement.specifier.contains(here.get(canonicalize_name(requirement.name), "0"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("packages", "code", "told"),
    [
        ([NONE], CLEAN, "none is known"),
        ([NONE, BAD], VULNERABLE, "b 2: PYSEC-1, mended in 3"),
        ([NONE, UNKNOWN], NOT_DONE, "NOT DONE: 1 of 2"),
        ([BAD, UNKNOWN], VULNERABLE, "NOT DONE: 1 of 2"),
        ([], NOT_DONE, "NOT DONE"),
    ],
)
def test_an_audit_is_clean_only_if_everything_was_asked_about(packages, code, told):
    found, lines = judge(packages)
    assert found == code
    assert told in " ".join(lines)


def test_an_audit_without_an_answer_is_none(tmp_path):
    for program in (["/no/such/program"], [sys.executable, "-c", "raise SystemExit('no route')"]):
        code, lines = audit(tmp_path / "lock", program)
        assert code == NOT_DONE
        assert lines[0].startswith("NOT DONE: ")
