"""Compiles the kernels before the first request needs them.

A Dask worker that somebody starts by hand does it first thing with `--preload workers.velocity.warm`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from workers.cubes.chunk_folder import chunk_folder
from workers.cubes.cube import arrange
from workers.cubes.pairs import PairTable
from workers.cubes.source import Variable
from workers.telemetry import start
from workers.velocity.guess import daily_guess
from workers.velocity.invert import invert_pixel
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import select_pairs
from workers.windows import Step, Windows


def warm() -> None:
    """Run one tiny inversion: seconds on a fresh installation, much less once compiled code is cached."""
    day = np.arange(0, 120, 10, dtype=np.int32)
    stored = np.zeros((day.size, 1, 1), np.int16)
    velocity = Variable("v", (), (), (), stored.dtype, {}, (-32767.0,))
    arrange(stored, np.arange(day.size), velocity, np.empty((1, 1, day.size), np.float32))
    later = day + 20
    # Beyond what is trusted: only then are some pairs taken out of all.
    later[0] = 200
    ones = np.ones(day.size, np.float32)
    table = PairTable(day, later, ones, ones, np.zeros(day.size, np.uint8), ("?",), np.arange(day.size))
    parameters = VelocityParameters()
    selected = select_pairs(table, 100 * ones, 50 * ones, parameters)
    invert_pixel(selected, daily_guess(selected), Windows.select(Step.parse("P5D"), 0, 130), parameters)


def dask_setup(worker: Any) -> None:
    """Import what tasks need and compile the kernels, before the worker takes its first task (preload)."""
    start.dask_setup(worker)
    chunk_folder()  # says now if its settings are wrong
    import_module("workers.tasks")
    warm()
