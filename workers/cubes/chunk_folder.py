"""Chunks of remote cubes as their stores hold them, kept on this machine's disk for all of its processes.

What was fetched once is not fetched again, be it by a neighbouring shard, by another worker or by the same
question with another coefficient tomorrow. Each chunk is one file, written under a temporary name and
renamed: whoever reads sees all of it or nothing. Processes need no lock between them; two that fetch the
same chunk at once write the same file.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock

from workers.errors import InvalidRequest
from workers.telemetry import measures

FOLDER, BYTES = "OGIVE_CHUNKS", "OGIVE_CHUNKS_BYTES"
"""The variables that say where chunks are kept, and how many bytes of them"""
MOST_BYTES = 4 << 30
"""Kept at most, unless the environment says otherwise"""
ABSENT_SECONDS = 3600.0
"""How long a chunk that was not in the store counts as missing: a cube may still be being written"""
REST_SECONDS = 600.0
"""How long a disk that failed is left alone"""
_BLOCK = 4096
"""What a file takes beside its bytes"""
_LARGEST_SHARE = 8
"""Chunks larger than this part of the limit are not kept"""
_LOOK_SHARE = 256
"""A process looks at the whole folder each time it has written this part of the limit"""
_ABANDONED_SECONDS = 3600.0
"""Age of a temporary file whose writer must have died"""
_OWN = re.compile(r"\.?[0-9a-f]{32}~")
_log = logging.getLogger(__name__)


def install(path: str, most: int) -> None:
    """Keep chunks in a folder, in this process and in those that it starts."""
    os.environ |= {FOLDER: path, BYTES: str(most)}


def chunk_folder() -> ChunkFolder | None:
    """Where this process keeps chunks, as its environment says; None: nowhere.

    Raises:
        InvalidRequest: the limit is no number of bytes.
    """
    path, most = os.environ.get(FOLDER), os.environ.get(BYTES) or str(MOST_BYTES)
    if not most.isdecimal():
        raise InvalidRequest(
            f"{BYTES} is {most!r}; write a whole number of bytes, such as {MOST_BYTES}, or 0 to keep none.",
            BYTES,
        )
    return _folder(path, int(most)) if path and int(most) else None


@lru_cache(maxsize=8)
def _folder(path: str, most: int) -> ChunkFolder:
    return ChunkFolder(Path(path), most)


class ChunkFolder:
    """A folder of chunks; the least recently used are given up first. Threads and processes may share it.

    A disk that is full, read-only or not ours fails no read: it is told once in the log and then left alone
    for a while. Other files in the folder are never touched.
    """

    def __init__(self, path: Path, most: int) -> None:
        """Keep at most so many bytes, and no more than half of what the disk would have free without them."""
        self.path, self._most = path, most
        self._written, self._counting = most, Lock()
        self._rests_until, self._warned = 0.0, False

    def read(self, name: str) -> memoryview | None:
        """What is kept under a name; empty for a chunk that the store does not have, None if nothing is.

        A file that is not as it was written counts as nothing and is removed.
        """
        if self._rests():
            return None
        with self._faults_told():
            return self._whole(self.path / name)
        return None

    def write(self, name: str, stored: memoryview) -> None:
        """Keep a chunk as it is stored; empty for one that the store does not have."""
        if self._rests() or len(stored) > self._most // _LARGEST_SHARE:
            return
        with self._faults_told():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=self.path)
            try:
                with open(handle, "wb") as file:
                    file.write(zlib.crc32(stored).to_bytes(4, "big"))
                    file.write(stored)
                os.replace(temporary, self.path / name)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            if self._look_is_due(len(stored) + _BLOCK):
                self._give_up_oldest()

    def drop(self, name: str) -> None:
        """Forget a chunk, and what is kept of parts of it (`NAME@...`)."""
        self._remove(lambda found: found == name or found.startswith(f"{name}@"))

    def forget(self, cube: str) -> None:
        """Forget all chunks whose names begin with a cube's."""
        self._remove(lambda found: found.startswith(f"{cube}~"))

    def _whole(self, path: Path) -> memoryview | None:
        try:
            whole = memoryview(path.read_bytes())
            checksum, stored = whole[:4], whole[4:]
            if len(checksum) < 4 or zlib.crc32(stored) != int.from_bytes(checksum, "big"):
                measures.CHUNKS_KEPT.labels("damaged").inc()
                path.unlink()
                return None
            if stored:
                os.utime(path)
            elif time.time() - path.stat().st_mtime > ABSENT_SECONDS:
                return None
        except FileNotFoundError:
            return None
        return stored

    def _remove(self, chosen: Callable[[str], bool]) -> None:
        with self._faults_told():
            for entry in self._entries():
                if chosen(entry.name):
                    Path(entry.path).unlink(missing_ok=True)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.path) as entries:
                return [entry for entry in entries if _OWN.match(entry.name)]
        except FileNotFoundError:
            return []

    def _look_is_due(self, size: int) -> bool:
        with self._counting:
            self._written += size
            if due := self._written > self._most // _LOOK_SHARE:
                self._written = 0
            return due

    def _give_up_oldest(self) -> None:
        """Remove the least recently used until an eighth of what is allowed is free, if it is nearly full."""
        now, found = time.time(), []
        for entry in self._entries():
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if not entry.name.startswith("."):
                found.append((status.st_mtime_ns, status.st_size + _BLOCK, entry.path))
            elif now - status.st_mtime > _ABANDONED_SECONDS:
                Path(entry.path).unlink(missing_ok=True)
        kept = sum(size for _, size, _ in found)
        allowed = min(self._most, (kept + shutil.disk_usage(self.path).free) // 2)
        # Some room is left for what other processes write before they look.
        if kept <= allowed * 15 // 16:
            return
        for _, size, path in sorted(found):
            if kept <= allowed * 7 // 8:
                break
            Path(path).unlink(missing_ok=True)
            kept -= size

    def _rests(self) -> bool:
        return time.monotonic() < self._rests_until

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            if not self._warned:
                self._warned = True
                _log.warning("Chunks of cubes cannot be kept in %s, and are fetched: %s", self.path, error)
