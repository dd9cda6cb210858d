"""Ogive's side: a pixel from its stored pairs to its regular series, with counts and flags."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tests.benchmarks.cases import load
from tests.benchmarks.child import serve
from workers.cubes.pairs import PairTable
from workers.linear.banded import on_one_thread
from workers.velocity.guess import daily_guess, mean_guess
from workers.velocity.invert import invert_pixel
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import select_pairs
from workers.velocity.series import Flag, PixelSeries
from workers.velocity.warm import warm
from workers.windows import Windows


def measure(
    pairs: str,
    coefficient: float | str = 100.0,
    errors: bool = False,
    repeats: int = 1,
    interval: str = "theoretical",
) -> dict[str, Any]:
    """Invert a stored pixel.

    Args:
        pairs: path of the pairs.
        coefficient: of the regularisation, or the name of a rule.
        errors: propagate them, with the intervals.
        repeats: how often.
        interval: its kind; cells calibrate theirs once for 100 pixels, so that a pixel alone pays too much.

    Returns:
        `seconds` of each repeat (processor time), and of the windows that the record covers wholly `start`
        and `end` (days), `vx`, `vy`, `v_low` and `v_high` (m/yr; without errors NaN).
    """
    table, vx, vy = load(pairs)
    parameters = VelocityParameters(coefficient=coefficient, interval=interval)
    seconds = []
    with on_one_thread():
        for _ in range(repeats):
            began = time.process_time()
            answer = _inverted(table, vx, vy, parameters, errors)
            seconds.append(time.process_time() - began)
    return {"seconds": seconds, **_whole(answer, _windows(table, parameters))}


def series(
    table: PairTable, vx: np.ndarray, vy: np.ndarray, parameters: VelocityParameters
) -> dict[str, Any]:
    """The columns of `measure` for pairs in memory, once."""
    with on_one_thread():
        return _whole(_inverted(table, vx, vy, parameters, True), _windows(table, parameters))


def _windows(table: PairTable, parameters: VelocityParameters) -> Windows:
    return Windows.select(parameters.window_step, int(table.day1.min()), int(table.day2.max()))


def _inverted(
    table: PairTable, vx: np.ndarray, vy: np.ndarray, parameters: VelocityParameters, errors: bool
) -> PixelSeries:
    selected = select_pairs(table, vx, vy, parameters)
    # One guess of its own and the mean of nine, as every pixel of a region costs.
    guess = mean_guess([daily_guess(selected)] * 9)
    return invert_pixel(selected, guess, _windows(table, parameters), parameters, errors=errors)


def _whole(answer: PixelSeries, windows: Windows) -> dict[str, Any]:
    whole = np.flatnonzero(answer.quality_flag & (Flag.edge | Flag.no_data) == 0)
    columns = {"start": windows.start, "end": windows.end}
    columns |= {name: getattr(answer, name) for name in ("vx", "vy", "v_low", "v_high")}
    return {name: values[whole].tolist() for name, values in columns.items()}


if __name__ == "__main__":
    warm()
    serve(measure)
