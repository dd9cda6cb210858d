"""A scheduler that has run many tasks holds nothing of them."""

from __future__ import annotations

import gc
import operator
import uuid

import pytest
from distributed import Client, LocalCluster
from distributed.spans import Span

from workers import spanless

TASKS = 40


@pytest.mark.parametrize(("preload", "kept"), [(spanless.__name__, False), (operator.__name__, True)])
def test_spans_are_kept_by_dask_and_not_where_they_are_left_out(preload, kept):
    with (
        LocalCluster(
            n_workers=1, processes=False, dashboard_address=None, scheduler_kwargs={"preload": [preload]}
        ) as cluster,
        Client(cluster) as client,
    ):
        for number in range(TASKS):
            assert client.submit(operator.neg, number, key=f"neg-{uuid.uuid4()}").result() == -number
        # The heartbeat tells what tasks took, span by span.
        cluster.sync(next(iter(cluster.workers.values())).heartbeat)
        gc.collect()
        held = sum(isinstance(each, Span) for each in gc.get_objects())
        assert len(client.scheduler_info()["workers"]) == 1
    # Tasks that Dask has not forgotten yet share one with the next.
    assert held > TASKS / 4 if kept else held == 0
