"""A chunk from an S3 server and from this machine's disk: `python -m tests.benchmarks.chunks`.

The server is moto's, on loopback; over the internet the bytes are the whole wait.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from zarr.abc.store import Store
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from tests.benchmarks.point import own_server, upload
from tests.benchmarks.report import Table, conditions, seconds
from workers.cubes.chunk_folder import ChunkFolder
from workers.cubes.chunk_store import ChunkStore
from workers.cubes.reference import Access
from workers.cubes.stores import open_store

KEYS = [f"{name}/0.0.{column}" for name in ("vx", "vy") for column in range(16)]


def each(store: Store) -> list[float]:
    """Seconds by the clock of reading each chunk, one after the other."""

    async def timed() -> list[float]:
        took = []
        for key in KEYS:
            began = time.perf_counter()
            await store.get(key, default_buffer_prototype())
            took.append(time.perf_counter() - began)
        return took

    return sync(timed())


def main() -> None:
    """Tell what was seen."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    with TemporaryDirectory() as folder, own_server() as endpoint:
        href = upload(Path(folder), endpoint)
        source = open_store(href, Access(anonymous=False, endpoint_url=endpoint))
        disk = ChunkFolder(Path(folder, "chunks"), 1 << 30)
        kept = ChunkStore(source, disk, href)
        kept.identify(b"bench")
        size = median(len(sync(source.get(key, default_buffer_prototype()))) for key in KEYS)

        table = Table(f"A chunk of {size / 1e6:.2f} MB", ("from", "p50", "slowest", "processor"))
        for name, store in (("S3", source), ("S3, and kept", kept), ("disk", kept)):
            began = time.process_time()
            took = each(store)
            spent = (time.process_time() - began) / len(KEYS)
            table.rows.append((name, *map(seconds, (median(took), max(took), spent))))
        print(conditions())
        table.show("--markdown" in sys.argv)


if __name__ == "__main__":
    main()
