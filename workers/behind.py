"""A preload of local workers (Dask's `preload`): the service that runs beside them goes first.

A request waits for the service's one event loop several times, and each wait is as long as the turn of
whoever computes meanwhile. Of a shard nobody notices whether it waited a few milliseconds for a processor.
"""

from __future__ import annotations

import os

from distributed import Worker

_STEPS = 5
"""Of `nice`: a quarter of a processor where the service wants all of it, and all where it wants none"""


def dask_setup(worker: Worker) -> None:
    """Called by Dask in the process of each worker that starts."""
    os.nice(_STEPS)
