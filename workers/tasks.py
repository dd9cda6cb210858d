"""What Dask is given: importable functions of plain arguments, each safe to run twice.

The truth about a job is its record and the receipts in the store: a shard whose receipt is there is finished
and is never computed again, whoever asks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from distributed import get_worker

from workers.cubes.opened import forget_cubes
from workers.errors import Dismissed, OgiveError
from workers.plan import CubeSource, JobSize, Limits, Plan, ShardReceipt
from workers.processes import PROCESSES
from workers.products import receipts, zarr_layout
from workers.products.store import ProductStore
from workers.publishing import (
    create_product,
    delete_product,
    discard_failed,
    discard_receipts,
    finalise_product,
    finished_shards,
    link_successor,
)
from workers.telemetry import measures, spans
from workers.telemetry.occasion import on_behalf
from workers.velocity.flowline import line_series
from workers.velocity.point import point_series, solve_sites
from workers.velocity.sites import Site, sites_at

__all__ = [
    "compute_shard",
    "create_product",
    "delete_product",
    "discard_failed",
    "discard_receipts",
    "finalise_product",
    "finished_shards",
    "forget_cubes",
    "line_series",
    "link_successor",
    "locate_places",
    "plan_job",
    "point_series",
    "publish_shard",
    "size_job",
    "solve_sites",
    "stop_job",
]

_log = logging.getLogger(__name__)
_STOPPED: set[str] = set()
"""Jobs that this process must not work for any more"""


def stop_job(job_id: str) -> None:
    """Let every task of a job that runs in this process end at its next pixel.

    Sent to each worker beside its tasks: a flag that tasks had to ask the scheduler for would cost a round
    trip a block, and a client in every worker.
    """
    _STOPPED.add(job_id)


def locate_places(
    source: CubeSource,
    places: Sequence[tuple[float, float]],
    max_distance: float,
    datasets: Sequence[str] = (),
) -> list[Site | OgiveError]:
    """The pixel that answers for each place (lon, lat), reading metadata alone; an error where none does.

    With names of data sets, also the cubes of these that are merged there.
    """
    return sites_at(source, places, max_distance, datasets)


def size_job(process_id: str, inputs: dict[str, Any], source: CubeSource) -> JobSize:
    """How large a job would be, from metadata alone.

    Raises:
        OgiveError: the request or the source is at fault; see the process.
    """
    return PROCESSES[process_id].size(inputs, source)


def plan_job(process_id: str, inputs: dict[str, Any], source: CubeSource, limits: Limits) -> Plan:
    """Cut a job into shards, reading nothing but metadata and dates.

    Raises:
        OgiveError: the request or the source is at fault; see the process.
    """
    with spans.span("plan", ogive__process=process_id):
        return PROCESSES[process_id].plan(inputs, source, limits)


def compute_shard(plan: Plan, index: int, products: str, job_id: str, parts: int = 1) -> ShardReceipt:
    """Compute and write one shard as a task of a job, telling who does it and each block that is done.

    In several `parts`, one after the other, it takes less memory.

    Raises:
        Dismissed: the job was given up meanwhile.
        SourceError, StoreNotWritable: the input or the store is at fault.
    """
    worker, block, began = get_worker(), 0, time.process_time()
    topic = f"job-{job_id}"

    def on_block(state: str) -> None:
        nonlocal block
        spent = round(time.process_time() - began, 3)
        told = {"shard": index, "block": block, "state": state, "cpu_seconds": spent}
        worker.log_event(topic, told)
        block += 1

    def check() -> None:
        if job_id in _STOPPED:
            raise Dismissed("The job was dismissed.")

    check()
    # Told before the work, for a worker that dies of it tells nothing.
    worker.log_event(topic, {"shard": index, "worker": worker.address})
    with on_behalf(job_id=job_id, shard=index), spans.span("shard", ogive__job=job_id, ogive__shard=index):
        return publish_shard(plan, index, products, on_block, check, parts)


def _go_on(*_: object) -> None:
    """Nobody listens, and nobody stops the work."""


def publish_shard(
    plan: Plan,
    index: int,
    products: str,
    on_block: Callable[[str], None] = _go_on,
    check: Callable[[], None] = _go_on,
    parts: int = 1,
) -> ShardReceipt:
    """Compute one shard, in so many parts, write it whole, then its receipt.

    `check` may raise at any pixel to stop it.

    Raises:
        SourceError, StoreNotWritable: the input or the store is at fault.
    """
    process, store, shard = PROCESSES[plan.process], ProductStore(products), plan.shards[index]
    spec, began, ended = process.product(plan), time.perf_counter(), "failed"
    try:
        with spans.span("solve"), measures.stage("solve"):
            outcome = process.compute(plan, index, on_block, check, parts)
        with spans.span("write"), measures.stage("write"):
            objects = zarr_layout.write_shard(store, spec, shard.row, shard.column, outcome.arrays)
            receipt = ShardReceipt(
                shard=index,
                objects=objects,
                pixels=outcome.pixels,
                blocks=outcome.blocks,
                pairs=outcome.pairs,
                problems=outcome.problems,
                cpu_seconds=round(outcome.cpu_seconds, 3),
                quality=outcome.quality,
            )
            receipts.save(store, spec.id, receipt)
        ended = "written"
    except Dismissed:
        ended = "dismissed"
        raise
    finally:
        measures.SHARDS.labels(ended).inc()
    measures.count_shard(outcome)
    solved, seconds = outcome.pixels["solved"], time.perf_counter() - began
    _log.info("Shard %d is written: %d pixels solved in %.1f s", index, solved, seconds)
    for told in outcome.problems:
        _log.warning("Shard %d: %s", index, told)
    return receipt
