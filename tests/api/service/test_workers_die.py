"""Workers that die of a shard: processes that are really killed."""

import os
import signal
import threading
import time

import dask.config

from service.connection import connect
from workers import tasks


def die_of_the_whole(plan, index, products, job_id, parts):
    """Take the worker with it half-way, as a want of memory does, unless the shard comes in parts."""
    if parts > 1:
        return tasks.compute_shard(plan, index, products, job_id, parts)
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
    tasks.compute_shard(plan, index, products, job_id, parts)
    return time.sleep(60)


def test_a_shard_that_workers_die_of_is_computed_in_smaller_parts(serve, settings, tasks_but, spot, ended):
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        serve(
            settings=settings.model_copy(update={"workers": 1}),
            connect=connect,
            tasks=tasks_but(compute_shard=die_of_the_whole),
        ) as client,
    ):
        body = {"inputs": {"bbox": spot, "step": "P90D"}}
        location = client.post("/processes/velocity-cube/execution", json=body).headers["location"]
        last = ended(client, location)[-1]
        logged = [line["message"] for line in client.get(f"{location}/logs").json()["logs"]]
    assert last["status"] == "successful", (last, logged)
    told = [line for line in logged if "want of memory" in line]
    assert len(told) == 1
    assert "shard 0" in told[0]
    assert "4 parts" in told[0]
