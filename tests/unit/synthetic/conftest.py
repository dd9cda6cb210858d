from pathlib import Path

import pytest

from workers.synthetic import SyntheticCube, write_cube


@pytest.fixture(scope="session")
def surging() -> SyntheticCube:
    """A cube whose chunks are partial on two edges, with every kind of noise."""
    return SyntheticCube(
        pairs=400, height=23, width=31, scenario="surge", blunders=0.05, decorrelated=0.3, seed=11
    )


@pytest.fixture(scope="session")
def cube(surging: SyntheticCube, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That cube on disk."""
    return Path(write_cube(str(tmp_path_factory.mktemp("cubes")), surging))
