from pathlib import Path

import numpy as np
import pytest

from tests.e2e.making import halves, plan
from workers.plan import CubeSource
from workers.regions import degrees
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.process import compute_shard
from workers.velocity.strips import strips

SPEC = SyntheticCube(pairs=30, height=11, width=24, years=1.0, seed=5)


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A shard of two cubes whose edge lies inside a chunk; a chunk of one is damaged."""
    folder = tmp_path_factory.mktemp("cubes")
    west, east = halves(Path(write_cube(str(folder), SPEC)), folder, 13)
    damaged = f"{west}/vx/0.1.0"
    with open(damaged, "r+b") as chunk:
        chunk.truncate(20)
    return plan(CubeSource(cubes=(west, east)), degrees(SPEC.grid), step="P60D", interval="calibrated")


def test_a_shard_in_strips_is_the_same_to_the_last_bit(planned):
    told: dict[int, list[str]] = {1: [], 16: []}
    whole, cut = (compute_shard(planned, 0, told[n].append, lambda: None, n) for n in told)
    assert whole.blocks["failed"] == 1
    assert 0 < whole.pixels["failed"] < whole.pixels["solved"]
    for name, values in whole.arrays.items():
        assert values.tobytes() == cut.arrays[name].tobytes(), name
    for what in ("pixels", "blocks", "pairs", "quality"):
        assert getattr(whole, what) == getattr(cut, what), what
    assert set(whole.problems) == set(cut.problems)
    assert len(told[1]) == whole.blocks["total"] == planned.blocks
    # Most strips lie on one of the two cubes only: there is less to tell of.
    assert 0 < len(told[16]) <= planned.blocks


@pytest.mark.parametrize("width", [1, 3, 13, 39, 40])
@pytest.mark.parametrize("parts", [1, 4, 16])
def test_strips_hold_every_column_once(width, parts):
    cut = list(strips(width, parts))
    columns = np.concatenate([np.arange(left, left + across) for left, across in cut])
    assert columns.tolist() == list(range(width))
    assert len(cut) <= parts
