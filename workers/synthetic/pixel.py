"""One pixel of a synthetic cube in memory, for tests and benchmarks."""

from __future__ import annotations

import numpy as np

from workers.cubes.pairs import PairTable
from workers.errors import InvalidRequest
from workers.synthetic.glacier import glacier
from workers.synthetic.network import network
from workers.synthetic.observe import CELL, LAYERS, MISSING, observe
from workers.synthetic.satellites import SATELLITES
from workers.synthetic.spec import SyntheticCube
from workers.synthetic.truth import Truth


def pixel_pairs(
    spec: SyntheticCube, row: int | None = None, column: int | None = None
) -> tuple[PairTable, np.ndarray, np.ndarray, Truth]:
    """The pairs of one pixel, the very values that `write_cube` would store there, without a cube.

    The chunk that holds the pixel is simulated whole, so a cube of one pixel is the quickest.

    Args:
        spec: the cube.
        row: the pixel's row; None is the middle one.
        column: the pixel's column; None is the middle one.

    Returns:
        The pair table, vx and vy ((n,) float32, m/yr, NaN where missing, in the table's order), and the truth
        of this pixel alone, at row 0 and column 0.

    Raises:
        InvalidRequest: the cube has no such pixel, or no pair is possible.
    """
    row = spec.height // 2 if row is None else row
    column = spec.width // 2 if column is None else column
    if not spec.grid.holds(row, column):
        raise InvalidRequest(
            f"Pixel ({row}, {column}) lies outside the cube of {spec.height} x {spec.width} pixels.", "row"
        )
    pairs, field = network(spec), glacier(spec)
    top, left = row - row % CELL, column - column % CELL
    truth = field.truth.window(top, left, CELL, CELL)
    opacity = field.opacity[top : top + CELL, left : left + CELL]
    stored = []
    for time in range(-(-spec.pairs // LAYERS)):
        readings = observe(spec, pairs, truth, opacity, (time, row // CELL, column // CELL))
        stored.append(np.stack([readings.vx, readings.vy])[:, :, row - top, column - left])
    velocity = np.concatenate(stored, axis=1)
    velocity = np.where(velocity == MISSING, np.float32(np.nan), velocity.astype(np.float32))

    day1, day2 = (pairs.day[image].astype(np.int32) for image in (pairs.first, pairs.second))
    names = np.array(list(SATELLITES))[pairs.satellite[pairs.first]]
    sensors, sensor = np.unique(names, return_inverse=True)
    order = np.lexsort((sensor, pairs.error, day2, day1))
    table = PairTable(
        day1=day1[order],
        day2=day2[order],
        error_x=pairs.error[order],
        error_y=pairs.error[order],
        sensor=sensor[order].astype(np.uint8),
        sensors=tuple(sensors.tolist()),
        order=order,
    )
    return table, velocity[0, order], velocity[1, order], field.truth.window(row, column, 1, 1)
