"""What users install: the wheel holds all that the program reads beside its modules."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1].parent
UV = shutil.which("uv", path=Path(sys.executable).parent) or shutil.which("uv")


@pytest.mark.skipif(UV is None, reason="needs uv, as `make` installs it")
def test_the_wheel_holds_every_file_of_the_packages_and_the_configuration_of_dask(tmp_path):
    built = subprocess.run(
        [UV, "build", "--wheel", "--out-dir", str(tmp_path), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    kept = subprocess.run(
        ["git", "ls-files", "service", "workers"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "service/migrations/versions/0001_first_release.py" in kept
    assert set(kept) <= held
    assert [name for name in held if name.endswith(".data/data/etc/dask/ogive.yaml")]
