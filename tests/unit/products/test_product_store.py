import os
import pickle
from pathlib import Path

import pytest

from workers.errors import StoreNotWritable
from workers.products import keys
from workers.products.store import ProductStore


def test_failed_write_leaves_the_old_object_and_no_trace(store, monkeypatch):
    store.write("a/b.json", b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreNotWritable, match="No space left on device"):
        store.write("a/b.json", b"new")
    assert store.read("a/b.json") == b"old"
    assert [path.name for path in Path(store.location("a")).iterdir()] == ["b.json"]


def test_object_that_is_being_written_is_not_listed(store):
    store.write("a/b", b"1")
    Path(store.location("a/c.0123.partial")).write_bytes(b"half")
    assert store.list("a") == {"a/b": 1}


def test_folder_below_a_file_is_not_writable(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreNotWritable) as raised:
            ProductStore(str(path)).check_writable()
        assert str(path) in raised.value.message
        assert "Name an existing bucket or a folder" in raised.value.message


def test_check_leaves_nothing_behind(store):
    store.check_writable()
    assert store.list("") == {}


def test_object_of_a_product_is_read_by_range(store):
    store.write("v1/EPSG3413/a_EPSG3413_v1.zarr/vx/c/0/0", b"0123456789")
    found = store.object("a_EPSG3413_v1", "vx/c/0/0")
    assert found.size == 10
    assert (found.read(), found.read(3), found.read(2, 5)) == (b"0123456789", b"3456789", b"234")


@pytest.mark.parametrize(
    "key",
    ["", "vx", "vx/zarr.json", "../a_EPSG3413_v1.json", "vx/../../x", "/etc/passwd", "vx//c", "vx\\c", "a\0"],
)
def test_only_objects_of_the_group_are_given_out(store, key):
    store.write(keys.item("a_EPSG3413_v1"), b"{}")
    store.write(f"{keys.group('a_EPSG3413_v1')}/vx/c/0/0", b"0123456789")
    with pytest.raises(FileNotFoundError):
        store.object("a_EPSG3413_v1", key)


def test_travels_to_other_processes_and_hides_its_options(tmp_path):
    store = ProductStore(str(tmp_path), {"auto_mkdir": True})
    store.write("k", b"v")
    assert pickle.loads(pickle.dumps(store)).read("k") == b"v"
    assert "auto_mkdir" not in repr(store)


def test_relative_and_file_urls_name_the_same_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ProductStore("data").write("k", b"v")
    assert ProductStore(f"file://{tmp_path}/data/").read("k") == b"v"
    assert ProductStore("data").location("k") == str(tmp_path / "data" / "k")
