"""One shard in a process of its own: its peak memory and its time a pixel."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.sides import ROOT, environment
from workers.cubes.cube import open_cube
from workers.cubes.mosaic import Mosaic
from workers.cubes.reference import Access
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.parameters import VelocityParameters
from workers.velocity.planning import SHARD_PIXELS
from workers.velocity.region import Reading, solve_window
from workers.velocity.warm import warm
from workers.windows import Windows

BLOCK = 10


def spec(pairs: int, size: int = SHARD_PIXELS) -> SyntheticCube:
    """A cube that holds a shard with a chunk to spare on every side, so that the halo is read too."""
    side = size + 2 * BLOCK
    return SyntheticCube(pairs=pairs, height=side, width=side, years=10.0)


@dataclass(frozen=True, slots=True)
class Shard:
    """What a worker needed for it."""

    peak_bytes: int
    """Of the whole process"""
    pixels: int
    seconds: float
    """Processor time a pixel: reading with the halo, guesses of the halo, inversion"""


def measure(pairs: int, folder: Path) -> Shard:
    """Write the cube, and solve the shard in a fresh process."""
    cube = write_cube(str(folder / f"shard-{pairs}.zarr"), spec(pairs))
    command = [sys.executable, "-m", "tests.benchmarks.shard", cube]
    done = subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, check=True)
    return Shard(**json.loads(done.stdout))


def run(cube: str) -> Shard:
    """Solve all but the outer chunks of a cube in this process."""
    warm()
    opened = open_cube(cube, Access())
    parameters = VelocityParameters()
    windows = Windows.select(parameters.window_step, *opened.record())
    mosaic, reading, pixels = Mosaic([opened], opened.grid), Reading(), 0
    began = time.process_time()
    window = BLOCK, BLOCK, opened.grid.height - 2 * BLOCK, opened.grid.width - 2 * BLOCK
    for _ in solve_window(mosaic, *window, windows, parameters, reading):
        pixels += 1
    took = time.process_time() - began
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return Shard(peak, pixels, took / pixels)


if __name__ == "__main__":
    shard = run(sys.argv[1])
    print(json.dumps({name: getattr(shard, name) for name in Shard.__slots__}))
