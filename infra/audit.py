"""Asks the public list of vulnerabilities about every locked package: `python -m infra.audit LOCK`.

It ends with 0 only if every package was asked about and none is known to be vulnerable; with 1 if one is; and
with 69 (EX_UNAVAILABLE) if the list cannot be reached, or knows a package not at all: that is no audit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROGRAM = (
    *(str(Path(sys.executable).parent / "pip-audit"), "--require-hashes", "--disable-pip"),
    *("--progress-spinner", "off", "--format", "json", "--requirement"),
)
CLEAN, VULNERABLE, NOT_DONE = 0, 1, os.EX_UNAVAILABLE


def judge(packages: Sequence[dict[str, Any]]) -> tuple[int, list[str]]:
    """The exit code that an answer of pip-audit stands for, and what to tell of it."""
    found = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version'}"
        for package in packages
        for vulnerability in package.get("vulns", ())
    ]
    unasked = [package for package in packages if "skip_reason" in package]
    if unasked:
        found.append(
            f"NOT DONE: {len(unasked)} of {len(packages)} packages could not be asked about "
            f"({unasked[0]['skip_reason']})."
        )
    if not packages:
        found.append("NOT DONE: the lock names no package.")
    if any("vulns" in package and package["vulns"] for package in packages):
        return VULNERABLE, found
    if unasked or not packages:
        return NOT_DONE, found
    return CLEAN, [f"{len(packages)} packages, of which none is known to be vulnerable."]


def audit(lock: Path, program: Sequence[str] = PROGRAM) -> tuple[int, list[str]]:
    """Ask about every package of a lock."""
    try:
        ran = subprocess.run([*program, str(lock)], capture_output=True, text=True, check=False)
    except OSError as error:
        return NOT_DONE, [f"NOT DONE: {program[0]} cannot be run ({error.strerror})."]
    try:
        packages = json.loads(ran.stdout)["dependencies"]
    except (ValueError, LookupError, TypeError):
        said = (ran.stderr.strip() or "it said nothing").splitlines()[-1]
        return NOT_DONE, [f"NOT DONE: the list of vulnerabilities did not answer ({said[:300]})."]
    return judge(packages)


def main() -> int:
    """Audit the locks that the command line names; the worst of their codes."""
    codes = []
    for name in sys.argv[1:]:
        code, told = audit(Path(name))
        codes.append(code)
        for line in told:
            print(f"audit of {name}: {line}")
    return VULNERABLE if VULNERABLE in codes else max(codes, default=NOT_DONE)


if __name__ == "__main__":
    sys.exit(main())
