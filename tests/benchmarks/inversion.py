"""Time of one pixel, Ogive and ticoi in turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from tests.benchmarks.cases import load, pixel, save
from tests.benchmarks.report import Table, seconds
from tests.benchmarks.sides import Side, alternate
from workers.synthetic import SyntheticCube
from workers.synthetic.satellites import SATELLITES

OWN_REPEATS = 5
"""Repeats of Ogive within a round: it is so much quicker"""


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    spec: SyntheticCube
    errors: bool
    """Whether both sides propagate errors"""
    rounds: int
    target: int | None
    """Ratio that is aimed at"""

    @property
    def name(self) -> str:
        return f"{self.spec.pairs:,} pairs{', errors in both' if self.errors else ''}"


PAIRS_5K = pixel(5_000, cloud=0.545)
PAIRS_20K = pixel(20_000, cloud=0.03)
PAIRS_80K = pixel(80_000, cloud=0.28, satellites=tuple(SATELLITES))
"""As many dates as the peer was first measured with: 360, 712 and 1 345"""
CASES = (
    Case(PAIRS_5K, False, 5, 60),
    Case(PAIRS_20K, False, 5, 150),
    Case(PAIRS_80K, False, 3, 300),
    Case(PAIRS_5K, True, 5, None),
    Case(PAIRS_20K, True, 3, 400),
    Case(PAIRS_80K, True, 2, 1000),
)
QUICK = (Case(pixel(1_000), False, 1, None), Case(pixel(1_000), True, 1, None))


def compare(cases: tuple[Case, ...], sides: Mapping[str, Side], folder: Path) -> Table:
    """The table of medians and ratios."""
    table = Table(
        "Processor time of one pixel, both components, one core",
        ("case", "valid pairs", "dates", "Ogive", "ticoi", "ticoi / Ogive", "target"),
    )
    path = folder / "pixel.npz"
    save(pixel(500), path)
    for side in sides.values():
        # Compiles what a first call compiles.
        side.ask(pairs=str(path))
    for case in cases:
        save(case.spec, path)
        request = {"pairs": str(path), "errors": case.errors}
        requests = {"ogive": request | {"repeats": OWN_REPEATS}, "ticoi": request}
        took = {name: median(times) for name, times in alternate(sides, case.rounds, requests).items()}
        pairs, vx, _ = load(str(path))
        dates = np.unique(np.concatenate([pairs.day1, pairs.day2])).size
        table.rows.append(
            (
                case.name,
                f"{np.isfinite(vx).sum():,}",
                f"{dates:,}",
                seconds(took["ogive"]),
                seconds(took["ticoi"]),
                f"{took['ticoi'] / took['ogive']:.0f}",
                "-" if case.target is None else f"≥ {case.target}",
            )
        )
    return table
