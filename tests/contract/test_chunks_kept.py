"""What was fetched once is not fetched again, and no answer tells by its bytes where a chunk came from."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.contract import servers
from tests.contract.servers import BUCKET, HEIGHT, WIDTH, Sometimes, client
from workers.cubes import chunk_folder
from workers.cubes.cube import Cube, open_cube
from workers.cubes.reference import Access
from workers.errors import ChunkUnreadable, CubeChanged, SourceUnavailable

WHOLE = 0, 0, HEIGHT, WIDTH
METADATA = Counter({("GET", ".zmetadata"): 1})


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Chunks are kept, in an empty folder."""
    monkeypatch.setenv(chunk_folder.FOLDER, str(tmp_path / "chunks"))
    return tmp_path / "chunks"


def same(cube: Cube, local: Cube) -> bool:
    """Whether all velocities and the table are those of another cube, bit for bit."""
    mine, its = cube.read(*WHOLE), local.read(*WHOLE)
    tables = cube.table().error_x.tobytes() == local.table().error_x.tobytes()
    return tables and mine.vx.tobytes() == its.vx.tobytes() and mine.vy.tobytes() == its.vy.tobytes()


def file_of(kept: Path, key: str) -> Path:
    (found,) = kept.glob(f"*~{key.replace('/', '~')}")
    return found


def test_who_opens_a_cube_again_fetches_its_metadata_alone(served, local):
    assert same(open_cube(served.href, served.access), local)
    first = served.take()
    assert set(first.values()) == {1}
    assert same(open_cube(served.href, served.access), local)
    assert served.take() == METADATA
    open_cube(served.href, served.access).check_unchanged()
    assert served.take()["GET", ".zmetadata"] == 2


def test_chunks_that_overlap_are_fetched_once(served):
    cube = open_cube(served.href, served.access)
    cube.table()
    served.take()
    for row, column in ((0, 0), (9, 0), (0, 9), (9, 9)):
        cube.read(row, column, 11, 11)
    assert set(served.take().values()) == {1}


def test_two_threads_that_ask_at_once_fetch_once(web_server, local):
    cube = open_cube(web_server.href, web_server.access)
    cube.table()
    web_server.take()
    web_server.fault = lambda key: time.sleep(0.1)
    with ThreadPoolExecutor(4) as pool:
        blocks = list(pool.map(lambda _: cube.read(0, 0, 5, 5), range(4)))
    web_server.fault = lambda key: None
    assert web_server.take() == Counter({("GET", f"{name}/0.0.0"): 1 for name in ("vx", "vy")})
    assert {block.vx.tobytes() for block in blocks} == {local.read(0, 0, 5, 5).vx.tobytes()}


def test_trouble_of_the_store_is_told_to_all_and_not_kept(web_server, local):
    web_server.fault = Sometimes(403, times=99, only="vx/0.0.0")
    cube = open_cube(web_server.href, web_server.access)
    with ThreadPoolExecutor(2) as pool:
        for reading in [pool.submit(cube.read, *WHOLE) for _ in range(2)]:
            with pytest.raises(SourceUnavailable, match=r"vx/0\.0\.0"):
                reading.result()
    web_server.fault = lambda key: None
    assert same(cube, local)


def test_a_damaged_file_is_fetched_again(served, local, kept):
    assert same(open_cube(served.href, served.access), local)
    served.take()
    for key, damage in (("vx/0.1.1", -1), ("vy/0.0.2", 200), ("vx_error/0", 0)):
        path = file_of(kept, key)
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] if damage < 0 else whole[:damage] + b"~~" + whole[damage + 2 :])
    cube = open_cube(served.href, served.access)
    assert same(cube, local)
    asked = [("GET", key) for key in ("vx/0.1.1", "vy/0.0.2", "vx_error/0")]
    assert served.take() == METADATA + Counter(asked)


def test_a_chunk_that_cannot_be_decoded_is_fetched_once_more(web_server, local):
    web_server.fault = Sometimes(-1, times=1, only="vy/0.1")
    assert same(open_cube(web_server.href, web_server.access), local)
    asked = web_server.take()
    assert {key: times for (_, key), times in asked.items() if times > 1} == {
        f"vy/0.1.{column}": 2 for column in range(3)
    }
    assert same(open_cube(web_server.href, web_server.access), local)
    assert web_server.take() == METADATA


def test_a_source_that_is_mended_heals_at_once(web_server, local, kept):
    web_server.fault = Sometimes(-1, times=99, only="vy/0.1.1")
    cube = open_cube(web_server.href, web_server.access)
    with pytest.raises(ChunkUnreadable, match="truncated or damaged") as caught:
        cube.read(*WHOLE)
    assert caught.value.chunk == "tile/vy/0.1.1"
    assert not list(kept.glob("*~vy~0.1.1"))
    web_server.fault = lambda key: None
    web_server.take()
    assert same(cube, local)
    assert web_server.take()["GET", "vy/0.1.1"] == 1


def test_a_damaged_chunk_kept_before_its_source_was_mended(web_server, local, kept):
    """As an earlier version, or a reader that never decoded it, may have left it: with a right checksum."""
    cube = open_cube(web_server.href, web_server.access)
    assert same(cube, local)
    path = file_of(kept, "vx/0.2.0")
    chunk_folder.ChunkFolder(kept, 1 << 30).write(path.name, memoryview(path.read_bytes()[4:-9]))
    web_server.take()
    assert same(cube, local)
    assert web_server.take() == Counter({("GET", "vx/0.2.0"): 1})


def test_a_chunk_that_is_not_in_the_store_is_asked_for_once(s3_server, folder, kept):
    owner = client(s3_server.access.endpoint_url)
    owner.delete_object(Bucket=BUCKET, Key="tile.zarr/vx/0.2.2")
    try:
        for _ in range(2):
            s3_server.take()
            block = open_cube(s3_server.href, s3_server.access).read(20, 20, 4, 3)
            assert np.isnan(block.vx).all()
            assert np.isfinite(block.vy).any()
        assert not [key for _, key in s3_server.take() if key.startswith("v") and "/0." in key]
    finally:
        owner.upload_file(str(folder / "vx" / "0.2.2"), BUCKET, "tile.zarr/vx/0.2.2")
    file = file_of(kept, "vx/0.2.2")
    long_ago = file.stat().st_mtime - chunk_folder.ABSENT_SECONDS
    os.utime(file, (long_ago, long_ago))
    assert np.isfinite(open_cube(s3_server.href, s3_server.access).read(20, 20, 4, 3).vx).any()


def test_an_object_without_bytes_is_damaged_and_not_missing(web_server, folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "tile.zarr"))
    (copy / "vx" / "0.0.0").write_bytes(b"")
    with servers.web(copy) as server:
        for _ in range(2):
            with pytest.raises(ChunkUnreadable, match=r"vx/0\.0\.0"):
                open_cube(server.href, server.access).read(*WHOLE)


def test_a_cube_that_changed_under_its_address_is_read_anew(folder, tmp_path, kept):
    copy = Path(shutil.copytree(folder, tmp_path / "tile.zarr"))
    with servers.web(copy) as server:
        old = open_cube(server.href, server.access)
        before = old.read(*WHOLE)
        first = list(kept.iterdir())
        shutil.copyfile(copy / "vx" / "0.1.1", copy / "vx" / "0.0.0")
        text = (copy / ".zmetadata").read_text()
        (copy / ".zmetadata").write_text(json.dumps(json.loads(text) | {"changed": True}))
        after = open_cube(server.href, server.access).read(*WHOLE)
        assert after.vx[:10, :10].tobytes() == before.vx[10:20, 10:20].tobytes()
        assert old.read(*WHOLE).vx.tobytes() == before.vx.tobytes()
        with pytest.raises(CubeChanged):
            old.check_unchanged()
        left = list(kept.iterdir())
        assert not set(first) & set(left)
        assert len(left) >= 18
        (copy / ".zmetadata").write_text(text)
        again = open_cube(server.href, server.access).read(*WHOLE)
        assert again.vx.tobytes() == after.vx.tobytes()


def test_equal_cubes_at_two_addresses_do_not_meet(web_server, folder, tmp_path, local):
    """Cubes whose metadata are the same byte for byte, as those of two buckets may be."""
    copy = Path(shutil.copytree(folder, tmp_path / "tile.zarr"))
    shutil.copyfile(copy / "vx" / "0.1.1", copy / "vx" / "0.0.0")
    with servers.web(copy) as server:
        other = open_cube(server.href, server.access).read(0, 0, 10, 10)
    assert same(open_cube(web_server.href, web_server.access), local)
    assert other.vx.tobytes() == local.read(10, 10, 10, 10).vx.tobytes()


def test_a_disk_that_fails_does_not_fail_a_request(served, local, monkeypatch, tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(chunk_folder.FOLDER, str(tmp_path / "file" / "chunks"))
    assert same(open_cube(served.href, served.access), local)
    assert same(open_cube(served.href, served.access), local)
    assert [line for line in caplog.messages if "Chunks of cubes cannot be kept" in line][1:] == []
    assert "Not a directory" in caplog.text


def test_local_cubes_are_not_kept(folder, kept):
    for href in (str(folder), f"file://{folder}"):
        open_cube(href, Access()).read(*WHOLE)
    assert not kept.exists()
