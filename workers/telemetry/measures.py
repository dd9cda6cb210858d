"""What a process of the workers counts, in the registry that Dask's own `/metrics` of each worker serves.

No label names what a user asked for: each has a handful of values that are known beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from workers.plan import ShardOutcome

LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds of what waits for a server"""

PIXELS = Counter(
    "ogive_pixels", "Pixels, of shards and of places, by what came of them.", ["kind", "outcome"]
)
BLOCKS = Counter("ogive_blocks", "Chunk rows of shards that were walked, by what they held.", ["state"])
SHARDS = Counter("ogive_shards", "Shards that tasks ended with: written, failed or dismissed.", ["outcome"])
PAIRS = Counter("ogive_pairs", "Observations of the pixels of shards: valid and, of these, used.", ["fate"])
STAGES = Counter(
    "ogive_stage_seconds",
    "Seconds by the clock in each stage; most of `read` passes while pixels are solved.",
    ["stage"],
)
CPU = Counter("ogive_cpu_seconds", "Processor seconds that shards took.")
COHERENCE = Histogram(
    "ogive_vvc",
    "Velocity vector coherence of the solved pixels.",
    buckets=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0),
)
SOURCE_SECONDS = Histogram(
    "ogive_source_seconds",
    "Reads of an object of a cube, tries included.",
    ["outcome"],
    buckets=LATENCIES,
)
SOURCE_BYTES = Counter("ogive_source_bytes", "Bytes of objects of cubes that were read.")
SOURCE_RETRIES = Counter("ogive_source_retries", "Reads of objects of cubes that were tried again.")
CHUNKS_KEPT = Counter(
    "ogive_chunks_kept",
    "Chunks of remote cubes that were looked for on this machine's disk, by what was found.",
    ["outcome"],
)
CHUNK_BYTES = Counter("ogive_chunks_kept_bytes", "Bytes of these that came from there and were not fetched.")
CATALOG_SECONDS = Histogram(
    "ogive_source_catalog_seconds", "Questions to the catalog of cubes.", ["outcome"], buckets=LATENCIES
)
STORE_SECONDS = Histogram(
    "ogive_store_seconds",
    "Requests to the store of products.",
    ["operation", "outcome"],
    buckets=LATENCIES,
)
STORE_BYTES = Counter("ogive_store_written_bytes", "Bytes of objects that were written to the store.")
for _outcome in ("hit", "miss", "damaged"):
    CHUNKS_KEPT.labels(_outcome)
for _outcome in ("ok", "failed"):
    # Told as zero from the start, so that the first failure is seen as a change.
    SOURCE_SECONDS.labels(_outcome)
    CATALOG_SECONDS.labels(_outcome)
    for _operation in ("read", "write", "delete"):
        STORE_SECONDS.labels(_operation, _outcome)


@contextmanager
def timed(histogram: Histogram, **labels: str) -> Iterator[None]:
    """Observe how long a block takes, under the outcome `ok`, or `failed` if it raises.

    That something is not there is an answer.
    """
    began, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "ok"
    except (FileNotFoundError, NotADirectoryError):
        outcome = "ok"
        raise
    finally:
        histogram.labels(**labels, outcome=outcome).observe(time.perf_counter() - began)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the seconds of a block to those of a stage: `read`, `solve` or `write`."""
    began = time.perf_counter()
    try:
        yield
    finally:
        STAGES.labels(name).inc(time.perf_counter() - began)


def count_shard(outcome: ShardOutcome) -> None:
    """Count in what came of a shard that was computed."""
    for name in ("solved", "no_data", "failed"):
        PIXELS.labels("shard", name).inc(outcome.pixels[name])
    _count_blocks(outcome.blocks)
    for fate in ("valid", "used"):
        PAIRS.labels(fate).inc(outcome.pairs.get(fate, 0))
    for vvc in outcome.quality.get("vvc", ()):
        COHERENCE.observe(vvc)
    CPU.inc(outcome.cpu_seconds)


def _count_blocks(blocks: Mapping[str, int]) -> None:
    done = blocks["total"] - blocks["empty"] - blocks["failed"]
    for state, number in (("done", done), ("empty", blocks["empty"]), ("failed", blocks["failed"])):
        BLOCKS.labels(state).inc(number)


def count_place(used: int, vvc: float) -> None:
    """Count in the series of a place: the pairs that it was made from, and its coherence."""
    PIXELS.labels("place", "solved" if used else "no_data").inc()
    if np.isfinite(vvc):
        COHERENCE.observe(vvc)
