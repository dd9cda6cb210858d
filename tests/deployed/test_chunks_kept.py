"""Regions from the S3 server, with chunks kept on the disk: the second one fetches none."""

from __future__ import annotations

import pytest

from infra.local.deployment import BUCKET
from tests.deployed.line import Faults
from tests.deployed.parts import STRIP
from tests.e2e.making import plan, publish
from workers.cubes.chunk_folder import FOLDER
from workers.cubes.opened import forget_cubes
from workers.cubes.reference import Access
from workers.plan import CubeSource
from workers.processes import PROCESSES


@pytest.fixture
def asked(ogive, line, monkeypatch, tmp_path):
    """Keys of the cube that the S3 server is asked for; this process keeps its chunks."""
    keys = []

    def noted(method: str, path: str) -> bool:
        if f"/{ogive.cube.name}/" in path:
            keys.append((method, path.partition(f"/{ogive.cube.name}/")[2]))
        return False

    monkeypatch.setenv(FOLDER, str(tmp_path / "chunks"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, ogive.parts.environment[name])
    forget_cubes()
    line.faults = Faults(holds=noted)
    yield keys
    forget_cubes()


def test_another_coefficient_fetches_no_chunk(ogive, line, asked, undisturbed, tmp_path):
    access = Access(anonymous=False, endpoint_url=line.url)
    source = CubeSource(cubes=(f"s3://{BUCKET}/cubes/{ogive.cube.name}",), access=access)
    for coefficient in (123.0, 124.0):
        asked.clear()
        forget_cubes()
        inputs = {"bbox": STRIP, "coefficient": coefficient}
        planned = plan(source, **inputs)
        publish(planned, tmp_path / "products")
        product = PROCESSES[planned.process].product(planned).id
        store = next((tmp_path / "products").rglob(f"{product}.zarr"))
        made = {str(p.relative_to(store)): p.read_bytes() for p in store.rglob("*") if p.is_file()}
        assert made == undisturbed(product, **inputs)
        chunks = [key for method, key in asked if method == "GET" and not key.startswith(".z")]
        assert len(chunks) == len(set(chunks))
        assert (len(chunks) > 30) == (coefficient == 123.0), chunks
    assert ("GET", ".zmetadata") in asked
