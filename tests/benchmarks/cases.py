"""Pixels that both sides invert: simulated once, handed over as files."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np

from workers.cubes.pairs import PairTable
from workers.synthetic import SyntheticCube, Truth, pixel_pairs

START = dt.date(2015, 7, 1)
"""The launch of Sentinel-2: from here on there is a pass every 5 days"""
SENTINEL_2 = ("S2A", "S2B")


def pixel(pairs: int, **choices) -> SyntheticCube:
    """One pixel of fast ice over ten years, images every 5 days but for clouds."""
    return SyntheticCube(
        **{
            "pairs": pairs,
            "height": 1,
            "width": 1,
            "start": START,
            "years": 10.0,
            "satellites": SENTINEL_2,
            **choices,
        }
    )


def save(spec: SyntheticCube, path: Path) -> Truth:
    """Write the pairs of a pixel as arrays, and give its truth."""
    table, vx, vy, truth = pixel_pairs(spec)
    np.savez(path, day1=table.day1, day2=table.day2, vx=vx, vy=vy, error=table.error_x)
    return truth


def load(path: str) -> tuple[PairTable, np.ndarray, np.ndarray]:
    """The table, vx and vy that `save` has written."""
    stored = np.load(path)
    size = stored["day1"].size
    table = PairTable(
        day1=stored["day1"],
        day2=stored["day2"],
        error_x=stored["error"],
        error_y=stored["error"],
        sensor=np.zeros(size, np.uint8),
        sensors=("?",),
        order=np.arange(size),
    )
    return table, stored["vx"], stored["vy"]
