"""Time to read and decode one source chunk: what the inversion should cost no more than."""

from __future__ import annotations

import time
from statistics import median

from workers.cubes.cube import open_cube
from workers.cubes.reference import Access


def reading_seconds(cube: str, rounds: int) -> float:
    """Processor time a pixel to read the chunk in the middle of a cube on disk, its pair table left out.

    The cube is opened anew each time, so nothing is kept; its files may lie in the system's cache.
    """
    took = []
    for _ in range(rounds):
        fresh = open_cube(cube, Access())
        fresh.table()
        rows, columns = fresh.chunk
        row = fresh.grid.height // 2 // rows * rows
        column = fresh.grid.width // 2 // columns * columns
        began = time.process_time()
        block = fresh.read(row, column, rows, columns)
        took.append((time.process_time() - began) / (block.vx.shape[0] * block.vx.shape[1]))
    return median(took)
