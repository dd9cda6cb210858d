"""A finished product that EDR is asked of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.api.catalog.edr.asking import NUMBER


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """One database is enough here: what it selects is tested elsewhere."""
    return f"sqlite+aiosqlite:///{tmp_path / 'catalog.sqlite'}"


@pytest.fixture
async def product(client, catalog, workshop):
    """A finished product in the catalog: its item, grid and values."""
    item = workshop.publish(NUMBER)
    await catalog.add(item)
    return item


@pytest.fixture
def values(workshop) -> dict[str, np.ndarray]:
    return workshop.values(NUMBER)
