"""Chunks on the disk: whole or not there, never too many, and never a reason to fail."""

import logging
import os
import random
import resource
import shutil
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workers.cubes import chunk_folder as room
from workers.cubes.chunk_folder import ABSENT_SECONDS, BYTES, FOLDER, ChunkFolder, chunk_folder
from workers.errors import InvalidRequest

CUBE, OTHER = "0" * 31 + "a", "0" * 31 + "b"
NAME = f"{CUBE}~vx~0.0.0"
CHUNK = memoryview(bytes(range(256)) * 40)


@pytest.fixture
def folder(tmp_path):
    return ChunkFolder(tmp_path / "made" / "chunks", 1 << 20)


def sizes(folder: ChunkFolder) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.path.iterdir()}


def aged(folder: ChunkFolder, name: str, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder.path / name, (then, then))


def test_what_was_written_is_read_by_another(folder):
    assert folder.read(NAME) is None
    folder.write(NAME, CHUNK)
    another = ChunkFolder(folder.path, 1 << 20)
    assert another.read(NAME) == CHUNK
    assert another.read(NAME.replace("vx", "vy")) is None
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / NAME).stat().st_mode) == 0o600


def test_that_a_chunk_is_not_in_the_store_is_kept_for_a_while(folder):
    folder.write(NAME, memoryview(b""))
    assert folder.read(NAME) == b""
    aged(folder, NAME, ABSENT_SECONDS - 60)
    assert folder.read(NAME) == b""
    aged(folder, NAME, ABSENT_SECONDS + 60)
    assert folder.read(NAME) is None
    folder.write(NAME, CHUNK)
    aged(folder, NAME, ABSENT_SECONDS + 60)
    assert folder.read(NAME) == CHUNK


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:3],
        lambda data: data[:4],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: bytes([data[0] ^ 1]) + data[1:],
        lambda data: data[:5000] + bytes([data[5000] ^ 16]) + data[5001:],
        lambda data: bytes(len(data)),
    ],
)
def test_a_damaged_file_counts_as_nothing_and_goes(folder, damage):
    folder.write(NAME, CHUNK)
    path = folder.path / NAME
    path.write_bytes(damage(path.read_bytes()))
    assert folder.read(NAME) is None
    assert not path.exists()


def test_a_chunk_is_dropped_with_its_parts_and_a_cube_with_all_its_chunks(folder):
    parts = [f"{CUBE}~vx~c~0~1{part}" for part in ("", "@SuffixByteRequest(suffix=20)", "0", "0@x")]
    others = [f"{CUBE}~vy~c~0~1", f"{OTHER}~vx~c~0~1"]
    for name in parts + others:
        folder.write(name, CHUNK)
    folder.drop(parts[0])
    assert sizes(folder).keys() == {*parts[2:], *others}
    folder.forget(CUBE)
    assert sizes(folder).keys() == {others[1]}


def test_the_limit_holds_and_the_least_recently_used_go_first(folder):
    names = [f"{CUBE}~vx~0.0.{number}" for number in range(150)]
    for number, name in enumerate(names):
        folder.write(name, CHUNK)
        aged(folder, name, 1000 - number)
        # The first is asked for again and again.
        assert folder.read(names[0]) == CHUNK
        assert sum(sizes(folder).values()) <= 1 << 20
    kept = sizes(folder).keys()
    assert sum(sizes(folder).values()) > 1 << 19
    assert kept == {names[0], *names[-(len(kept) - 1) :]}


def test_the_first_write_of_a_process_looks_at_what_others_left(folder):
    for number in range(70):
        folder.write(f"{CUBE}~vx~0.0.{number}", CHUNK)
    smaller = ChunkFolder(folder.path, 1 << 18)
    smaller.write(NAME, CHUNK)
    assert sum(sizes(folder).values()) <= 1 << 18


def test_a_disk_is_never_filled_by_more_than_half(folder, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(0, 0, 100_000))
    for number in range(70):
        folder.write(f"{CUBE}~vx~0.0.{number}", CHUNK)
    assert 50_000 < sum(sizes(folder).values()) <= 120_000


def test_a_chunk_that_would_drive_out_the_others_is_not_kept(folder):
    folder.write(NAME, memoryview(bytes((1 << 17) + 1)))
    assert folder.read(NAME) is None


def test_files_of_others_and_of_writers_at_work_are_left_alone(folder):
    folder.write(NAME, CHUNK)
    left = ["thesis.txt", ".profile", f".{CUBE}~vx~0.0.1.writing"]
    for name in (*left, f".{CUBE}~vx~0.0.2.died"):
        (folder.path / name).write_bytes(bytes(2 << 20))
    for name in ("thesis.txt", ".profile", f".{CUBE}~vx~0.0.2.died"):
        aged(folder, name, 1e6)
    for number in range(100):
        folder.write(f"{OTHER}~vx~0.0.{number}", CHUNK)
    found = sizes(folder)
    assert set(left) <= found.keys()
    assert f".{CUBE}~vx~0.0.2.died" not in found
    folder.forget(CUBE)
    assert "thesis.txt" in sizes(folder)


def test_many_at_once_never_see_half_a_chunk(tmp_path):
    """Each has a folder of its own as a process would: only the files are shared."""

    def at_work(seed: int) -> int:
        draw, folder, hits = random.Random(seed), ChunkFolder(tmp_path, 1 << 17), 0
        for _ in range(300):
            number = draw.randrange(20)
            name, chunk = f"{CUBE}~vx~{number}", bytes([number]) * (500 * number + 1)
            found = folder.read(name)
            assert found in (None, chunk)
            hits += found is not None
            if draw.random() < 0.3:
                folder.drop(name)
            else:
                folder.write(name, memoryview(chunk))
        return hits

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(at_work, range(4))) > 100
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_disk_that_fails_is_told_once_and_left_alone_for_a_while(tmp_path, caplog, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    folder = ChunkFolder(tmp_path / "file" / "chunks", 1 << 20)
    with caplog.at_level(logging.WARNING):
        folder.write(NAME, CHUNK)
        (tmp_path / "file").unlink()
        folder.write(NAME, CHUNK)
        folder.drop(NAME)
        assert folder.read(NAME) is None
        assert not folder.path.exists()
        monkeypatch.setattr(time, "monotonic", lambda real=time.monotonic: real() + room.REST_SECONDS)
        folder.write(NAME, CHUNK)
    assert folder.read(NAME) == CHUNK
    (told,) = caplog.messages
    assert str(folder.path) in told
    assert "Not a directory" in told


def test_a_full_disk_leaves_nothing_behind(folder, caplog):
    folder.write(NAME, CHUNK)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        folder.write(f"{CUBE}~vy~0.0.0", CHUNK)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert sizes(folder).keys() == {NAME}
    assert "File too large" in caplog.text


def test_a_folder_that_somebody_deletes_is_made_again(folder):
    folder.write(NAME, CHUNK)
    shutil.rmtree(folder.path)
    assert folder.read(NAME) is None
    folder.drop(NAME)
    folder.write(NAME, CHUNK)
    assert folder.read(NAME) == CHUNK


def test_what_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.delenv(BYTES, raising=False)
    assert chunk_folder() is None
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert chunk_folder().path == Path(tmp_path)
    assert chunk_folder() is chunk_folder()
    monkeypatch.setenv(BYTES, "0")
    assert chunk_folder() is None
    for wrong in ("4GB", "-1", "1e9"):
        monkeypatch.setenv(BYTES, wrong)
        with pytest.raises(InvalidRequest, match=f"OGIVE_CHUNKS_BYTES is '{wrong}'; write a whole number"):
            chunk_folder()


def test_a_process_that_is_started_keeps_chunks_where_this_one_does(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    room.install(str(tmp_path), 1 << 30)
    assert os.environ[FOLDER] == str(tmp_path)
    assert chunk_folder().path == tmp_path
