"""A region of nine shards, on clusters of one and of two processes."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster, wait

from tests.e2e.making import CREATED, open_product, plan, stored
from workers import tasks
from workers.plan import CubeSource, Plan
from workers.regions import degrees, to_grid
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series
from workers.velocity.variables import MAP_VARIABLES, SERIES_VARIABLES

SPEC = SyntheticCube(pairs=1500, height=96, width=92, years=4.0, satellites=("S2A", "S2B"), seed=1)
PATIENCE_S = 300


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return CubeSource(cubes=(write_cube(str(tmp_path_factory.mktemp("demonstration")), SPEC),))


@pytest.fixture(scope="module")
def region(source):
    west, south, east, north = degrees(SPEC.grid)
    return plan(source, (west, south, east, north))


def run(region: Plan, folder: Path, workers: int, order: list[int]) -> None:
    """The job as the service runs it: one task a shard on processes of their own."""
    products = str(folder)
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=2,
            resources={"shard": 1},
            dashboard_address=None,
            host="127.0.0.1",
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster) as client,
    ):
        client.submit(tasks.create_product, region, products).result()
        futures = [
            client.submit(tasks.compute_shard, region, index, products, "demo", resources={"shard": 1})
            for index in order
        ]
        try:
            wait(futures, timeout=PATIENCE_S)
        except TimeoutError:
            # Where a worker stands still tells more than that it does.
            pytest.fail(f"A shard takes longer than {PATIENCE_S} s. {client.call_stack()}")
        client.gather(futures)
        client.submit(tasks.finalise_product, region, products, CREATED).result()


@pytest.fixture(scope="module")
def two_workers(region, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    run(region, folder, 2, list(range(len(region.shards))))
    return folder


def test_the_number_of_workers_and_the_order_leave_no_trace(region, two_workers, tmp_path):
    assert len(region.shards) == 9
    shuffled = np.random.default_rng(5).permutation(len(region.shards)).tolist()
    run(region, tmp_path, 1, shuffled)
    one, two = stored(tmp_path), stored(two_workers)
    assert one.keys() == two.keys()
    assert [key for key in one if one[key] != two[key]] == []
    assert sum(map(len, one.values())) > 5_000_000


def test_a_point_is_its_pixel(source, region, two_workers):
    dataset = open_product(region, two_workers)
    rows, columns = np.nonzero(np.isfinite(dataset["vvc"].values))
    draw = np.random.default_rng(2).choice(rows.size, 20, replace=False)
    for row, column in zip(rows[draw], columns[draw], strict=True):
        lon, lat = to_grid(SPEC.epsg).transform(*SPEC.grid.centre(row, column), direction="INVERSE")
        series = point_series(source, lon, lat, VelocityParameters()).series
        for name in SERIES_VARIABLES:
            assert dataset[name].values[:, row, column].tobytes() == getattr(series, name).tobytes(), name
        for name in MAP_VARIABLES:
            assert dataset[name].values[row, column].tobytes() == getattr(series, name).tobytes(), name
