"""Parts of sharded chunks are kept like whole ones, and metadata never."""

from __future__ import annotations

import numpy as np
import pytest
import zarr
from prometheus_client import REGISTRY
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import MemoryStore

from workers.cubes.chunk_folder import ChunkFolder
from workers.cubes.chunk_store import ChunkStore
from workers.cubes.stores import SourceStore

VALUES = np.arange(64 * 64, dtype="i2").reshape(64, 64)


class Counted(MemoryStore):
    """A store in memory that tells what was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def get(self, key, prototype, byte_range=None):
        self.asked.append(key)
        return await super().get(key, prototype, byte_range)


@pytest.fixture
def source() -> Counted:
    """A sharded array, one shard of which was never written."""
    store = Counted()
    array = zarr.create_array(
        store, shape=(64, 64), dtype="i2", chunks=(8, 8), shards=(32, 32), fill_value=-1
    )
    array[:32] = VALUES[:32]
    array[32:, :32] = VALUES[32:, :32]
    store.asked.clear()
    return store


@pytest.fixture
def folder(tmp_path) -> ChunkFolder:
    return ChunkFolder(tmp_path, 1 << 20)


def opened(source: Counted, folder: ChunkFolder | None) -> tuple[ChunkStore, zarr.Array]:
    behind = SourceStore(source, "memory://")
    behind.documents["zarr.json"] = sync(source.get("zarr.json", default_buffer_prototype())).to_bytes()
    store = ChunkStore(behind, folder, "memory://")
    array = zarr.open_array(store, mode="r")
    source.asked.clear()
    return store, array


def counted() -> dict[str, float]:
    names = {kind: ("ogive_chunks_kept_total", {"outcome": kind}) for kind in ("hit", "miss", "damaged")}
    names["bytes"] = ("ogive_chunks_kept_bytes_total", {})
    return {kind: REGISTRY.get_sample_value(*name) for kind, name in names.items()}


def test_parts_of_a_shard_are_kept(source, folder):
    for expected in (3, 0):
        before = counted()
        store, array = opened(source, folder)
        store.identify(b"metadata")
        np.testing.assert_array_equal(array[3:20, 3:20], VALUES[3:20, 3:20])
        assert (array[40:, 40:] == -1).all()
        assert len(source.asked) >= expected
        after = {kind: value - before[kind] for kind, value in counted().items()}
        assert (after["hit"] == 0) == (expected > 0)
        assert (after["miss"] == 0) == (expected == 0)
        assert (after["bytes"] > 9 * 128) == (expected == 0)
    assert source.asked == []
    store.drop("c/0/0")
    np.testing.assert_array_equal(array[3:20, 3:20], VALUES[3:20, 3:20])
    assert set(source.asked) == {"c/0/0"}


def test_nothing_is_kept_before_it_is_known_which_cube_it_is_of(source, folder):
    _, array = opened(source, folder)
    array[:8, :8]
    assert source.asked
    assert list(folder.path.iterdir()) == []


def test_without_a_folder_all_is_fetched(source):
    store, array = opened(source, None)
    store.identify(b"metadata")
    store.forget()
    store.drop("c/0/0")
    for _ in range(2):
        source.asked.clear()
        array[:8, :8]
        assert set(source.asked) == {"c/0/0"}


def test_metadata_are_never_kept(source, folder):
    store, _ = opened(source, folder)
    store.identify(b"metadata")
    zarr.open_array(store, mode="r")[:8, :8]
    assert [path.name for path in folder.path.iterdir() if "json" in path.name] == []
    assert sync(store.exists("c/0/0"))
    assert not sync(store.exists("c/1/1"))
