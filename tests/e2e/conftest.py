"""A synthetic cube for the tests of the whole way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.commands import ogive
from tests.e2e.making import SPEC
from workers.synthetic import write_cube

__all__ = ["cube", "ogive", "own_cube"]


@pytest.fixture(scope="session")
def cube(tmp_path_factory) -> Path:
    """A small glacier: 64 x 57 pixels, 300 pairs, in the layout of the real cubes."""
    return Path(write_cube(str(tmp_path_factory.mktemp("cubes")), SPEC))


@pytest.fixture
def own_cube(cube, tmp_path) -> Path:
    """A copy of it that a test may damage."""
    return Path(shutil.copytree(cube, tmp_path / cube.name))
