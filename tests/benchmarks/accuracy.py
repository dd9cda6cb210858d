"""How far each method is from the truth: RMSE and KGE of 30-day speed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.cases import load, pixel, save
from tests.benchmarks.sides import MeasurementFailed, Side
from workers.scores.holdout import rolling_median
from workers.scores.measures import coverage, kge, rmse
from workers.synthetic import SCENARIOS, SyntheticCube, Truth
from workers.velocity.parameters import VelocityParameters
from workers.velocity.selection import select_pairs
from workers.windows import Windows

MIXED = {"date_noise": 1.0, "pair_noise": 4.5, "decorrelated": 0.6, "error_factor": 3.0}
"""Noise as estimated on Jakobshavn: image errors of 0.6 to 1.3 m against pair errors of 3 to 6 m, and 40 % of
all pairs nonsense, nearly all of them long: 60 % of those above 60 days, which are two thirds of all"""
METHODS = ("ogive 100", "ogive auto", "ticoi 100", "ticoi 1000", "median")

Score = tuple[float, float, float]
"""RMSE (m/yr), KGE, and the share of the intervals that hold the truth, NaN where there are none"""
NOTHING: Score = (float("nan"),) * 3


def cases(pairs: tuple[int, ...], seed: int) -> dict[tuple[str, float, int], SyntheticCube]:
    """Every case of the table by scenario, date noise in metres and number of pairs."""
    made = {
        (scenario, noise, size): pixel(size, scenario=scenario, date_noise=noise, seed=seed)
        for scenario in SCENARIOS
        for noise in (1.0, 4.0)
        for size in pairs
    }
    mixed = {("mixed", MIXED["date_noise"], size): pixel(size, seed=seed, **MIXED) for size in pairs}
    return made | mixed


def scores(spec: SyntheticCube, sides: Mapping[str, Side], folder: Path) -> dict[str, Score]:
    """RMSE, KGE and coverage of every method on one pixel.

    All are NaN where a method gives nothing, or ends in an error, which is then told on stderr.
    """
    path = folder / "pixel.npz"
    truth = save(spec, path)
    found = {"median": score(median_series(str(path)), truth)}
    for name in METHODS[:-1]:
        side, coefficient = name.split()
        try:
            choice = coefficient if coefficient == "auto" else float(coefficient)
            told = {"errors": True, "interval": "calibrated"} if side == "ogive" else {}
            answer = sides[side].ask(pairs=str(path), coefficient=choice, **told)
        except MeasurementFailed as failure:
            print(f"{spec.scenario}, {spec.pairs} pairs, {name}: {failure}", file=sys.stderr)
            found[name] = NOTHING
        else:
            found[name] = score(answer, truth)
    return found


def score(series: Mapping[str, Any], truth: Truth) -> Score:
    """How good a series' speed is, each window against the exact mean of the truth over itself."""
    columns = ("start", "end", "vx", "vy")
    start, end, vx, vy = (np.asarray(series[name], np.float64) for name in columns)
    if not start.size:
        return NOTHING
    true = np.hypot(*truth.window_means(0, 0, start, end))
    speed = np.hypot(vx, vy)
    ends = (np.asarray(series.get(name, np.full(true.shape, np.nan))) for name in ("v_low", "v_high"))
    return rmse(speed, true), kge(speed, true), coverage(*ends, true)


def median_series(path: str) -> dict[str, np.ndarray]:
    """The 30-day rolling median of the pairs below 180 days, at the middle of every 30-day window."""
    table, vx, vy = load(path)
    parameters = VelocityParameters()
    selected = select_pairs(table, vx, vy, parameters)
    first, last = int(selected.day1.min()), int(selected.day2.max())
    windows = Windows.select(parameters.window_step, first, last)
    whole = (windows.start >= first) & (windows.end <= last)
    velocity = rolling_median(selected, windows.middle[whole] - 0.5)
    return {
        "start": windows.start[whole],
        "end": windows.end[whole],
        "vx": velocity[:, 0],
        "vy": velocity[:, 1],
    }
