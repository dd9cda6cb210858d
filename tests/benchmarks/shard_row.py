"""One row of blocks of a shard in a process of its own: its peak memory and its time a pixel."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.sides import ROOT, environment
from workers.calendar import Windows
from workers.cubes.cube import open_cube
from workers.cubes.mosaic import Mosaic
from workers.cubes.reference import Access
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.parameters import VelocityParameters
from workers.velocity.planning import SHARD_PIXELS
from workers.velocity.region import Reading, solve_window
from workers.velocity.warm import warm

BLOCK = 10


def spec(pairs: int) -> SyntheticCube:
    """A cube that holds the row with a chunk to spare on every side, so that the halo is read too."""
    return SyntheticCube(pairs=pairs, height=3 * BLOCK, width=SHARD_PIXELS + 2 * BLOCK, years=10.0)


@dataclass(frozen=True, slots=True)
class ShardRow:
    """What a worker needed for it."""

    peak_bytes: int
    """Of the whole process"""
    pixels: int
    seconds: float
    """Processor time a pixel: reading with the halo, guesses of the halo, inversion"""


def measure(pairs: int, folder: Path) -> ShardRow:
    """Write the cube, and run the row in a fresh process."""
    cube = write_cube(str(folder / f"row-{pairs}.zarr"), spec(pairs))
    command = [sys.executable, "-m", "tests.benchmarks.shard_row", cube]
    done = subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True)
    return ShardRow(**json.loads(done.stdout))


def run(cube: str) -> ShardRow:
    """Invert the row in this process."""
    warm()
    opened = open_cube(cube, Access())
    parameters = VelocityParameters()
    windows = Windows.select(parameters.window_step, *opened.record())
    mosaic, reading, pixels = Mosaic([opened], opened.grid), Reading(), 0
    began = time.process_time()
    for _ in solve_window(mosaic, BLOCK, BLOCK, BLOCK, SHARD_PIXELS, windows, parameters, reading):
        pixels += 1
    took = time.process_time() - began
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return ShardRow(peak, pixels, took / pixels)


if __name__ == "__main__":
    row = run(sys.argv[1])
    print(json.dumps({name: getattr(row, name) for name in ShardRow.__slots__}))
