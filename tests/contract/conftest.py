"""One cube, once in a folder, on S3 and on a web server, for all contracts of stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import servers
from tests.contract.servers import HEIGHT, PAIRS, WIDTH, Served
from workers.cubes.cube import Cube, open_cube
from workers.cubes.reference import Access
from workers.synthetic import SyntheticCube, write_cube


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = SyntheticCube(pairs=PAIRS, height=HEIGHT, width=WIDTH)
    return Path(write_cube(str(tmp_path_factory.mktemp("cubes") / "tile.zarr"), spec))


@pytest.fixture(scope="session")
def local(folder: Path) -> Cube:
    return open_cube(str(folder), Access())


@pytest.fixture(scope="session")
def web_server(folder: Path) -> Iterator[Served]:
    with servers.web(folder) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(folder: Path) -> Iterator[Served]:
    with servers.s3(folder) as server:
        yield server


@pytest.fixture(params=["s3", "http"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    server: Served = request.getfixturevalue({"s3": "s3_server", "http": "web_server"}[request.param])
    server.take()
    yield server
    server.fault = lambda key: None
