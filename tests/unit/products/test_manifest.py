import json
from pathlib import Path

import pytest

from workers.products import keys, manifest


@pytest.fixture
def shard(store, spec, written):
    return Path(store.location(f"{keys.group(spec.id)}/depth/c/0/1/0"))


def test_whole_product_has_no_problems(store, spec, written):
    assert manifest.verify(store, spec.id) == []


def test_manifest_is_readable(store, spec, written):
    document = json.loads(store.read(keys.manifest(spec.id)))
    assert document["product"] == spec.id
    assert document["size"] == written.size == sum(entry["size"] for entry in document["objects"].values())
    assert list(document["objects"]) == sorted(document["objects"])
    assert len(document["objects"]["zarr.json"]["sha256"]) == 64


def test_missing_object_is_found(store, spec, shard):
    shard.unlink()
    assert manifest.verify(store, spec.id) == ["depth/c/0/1/0 is missing."]


def test_truncated_object_is_found(store, spec, shard):
    data = shard.read_bytes()
    shard.write_bytes(data[:-5])
    assert manifest.verify(store, spec.id) == [
        f"depth/c/0/1/0 has {len(data) - 5} bytes instead of {len(data)}."
    ]


def test_flipped_bit_is_found(store, spec, shard):
    data = bytearray(shard.read_bytes())
    data[17] ^= 1
    shard.write_bytes(data)
    assert manifest.verify(store, spec.id) == ["depth/c/0/1/0 has other bytes than were written."]


def test_foreign_object_is_found(store, spec, shard):
    (shard.parent / "7").write_bytes(b"?")
    assert manifest.verify(store, spec.id) == ["depth/c/0/1/7 is not in the manifest."]


def test_unfinished_product_has_no_manifest(store, spec):
    with pytest.raises(FileNotFoundError):
        manifest.verify(store, spec.id)
