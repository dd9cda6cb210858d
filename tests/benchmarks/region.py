"""A region on one Dask worker, on two, and without Dask."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from distributed import Client, LocalCluster

from service.cluster import SHARD
from workers import tasks
from workers.plan import CubeSource, Limits, Plan
from workers.regions import degrees
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.warm import warm


@dataclass(frozen=True, slots=True)
class RegionTimes:
    """Seconds by the clock for the same plan, medians."""

    blocks: int
    alone: float
    """In this process"""
    one: float
    """On one worker"""
    two: float
    """On two workers"""

    @property
    def efficiency(self) -> float:
        """How many times quicker two workers are than one."""
        return self.one / self.two

    @property
    def overhead(self) -> float:
        """What Dask adds, as a share of the work without it."""
        return self.one / self.alone - 1.0


def measure(spec: SyntheticCube, folder: Path, rounds: int) -> RegionTimes:
    """Compute and write all shards of a cube in turns: without Dask, on one worker, on two."""
    cube = write_cube(str(folder / "region.zarr"), spec)
    grid = spec.grid
    box = degrees(grid.window(1, 1, grid.height - 2, grid.width - 2))
    plan = tasks.plan_job("velocity-cube", {"bbox": list(box)}, CubeSource(cubes=(cube,)), Limits())
    took: dict[str, list[float]] = {"alone": [], "one": [], "two": []}
    warm()
    with _cluster(1) as one, _cluster(2) as two:
        for number in range(rounds):
            took["alone"].append(_alone(plan, folder / f"alone-{number}"))
            took["one"].append(_on(one, plan, folder / f"one-{number}"))
            took["two"].append(_on(two, plan, folder / f"two-{number}"))
    return RegionTimes(plan.blocks, **{name: median(times) for name, times in took.items()})


def _alone(plan: Plan, folder: Path) -> float:
    products = str(folder)
    tasks.create_product(plan, products)
    began = time.perf_counter()
    for shard in range(len(plan.shards)):
        tasks.publish_shard(plan, shard, products)
    return time.perf_counter() - began


def _on(client: Client, plan: Plan, folder: Path) -> float:
    products = str(folder)
    tasks.create_product(plan, products)
    began = time.perf_counter()
    futures = [
        client.submit(
            tasks.compute_shard, plan, shard, products, folder.name, pure=False, resources=SHARD, retries=0
        )
        for shard in range(len(plan.shards))
    ]
    client.gather(futures)
    return time.perf_counter() - began


@contextmanager
def _cluster(workers: int) -> Iterator[Client]:
    """A warm local cluster, its workers as the service starts them."""
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=2,
            processes=True,
            resources=SHARD,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(warm)
        yield client
