"""The deployed parts, once for all tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from infra.local import objects, postgres
from tests.deployed.line import Faults, Line
from tests.deployed.parts import Ogive, comparison, running


@pytest.fixture(scope="session")
def ogive(tmp_path_factory) -> Iterator[Ogive]:
    """PostgreSQL, an S3 server, a TLS scheduler, two workers and the service, all real."""
    if not postgres.installed() or not objects.installed():
        pytest.skip(f"needs a PostgreSQL server and Ceph: {postgres.INSTALL}; {objects.INSTALL}")
    with running(tmp_path_factory.mktemp("cubes")) as parts:
        yield parts


@pytest.fixture(scope="session")
def undisturbed(ogive, tmp_path_factory) -> Callable[..., dict[str, bytes]]:
    """The objects of a product as they are when nothing happens, by item and inputs."""
    return comparison(ogive.cube, tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def line(ogive) -> Iterator[Line]:
    """The line to the S3 server, mended after the test."""
    yield ogive.line
    ogive.line.faults = Faults()
