"""Decorrelated pairs in the majority: Ogive, ticoi and a plain median against synthetic truth."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tests.benchmarks.accuracy import METHODS, Score, scores
from tests.benchmarks.cases import pixel
from tests.benchmarks.report import Table, conditions
from tests.benchmarks.sides import ogive, ticoi
from tests.benchmarks.truth import median_of
from workers.synthetic import SyntheticCube

BEYOND = 180
"""Days: what the method trusts (2.2.1) does not decorrelate here"""
SHARES = (0.0, 0.4, 0.6, 0.8, 0.95)
DATE_NOISE = 4.0
"""Metres an image"""


def case(pairs: int, share: float, seed: int) -> SyntheticCube:
    """A pixel of as many short baselines as long ones, of which a share decorrelates."""
    return pixel(
        pairs,
        baseline_scale=1e6,
        date_noise=DATE_NOISE,
        decorrelated=share,
        decorrelated_beyond=BEYOND,
        seed=seed,
    )


def main(
    quick: Annotated[bool, typer.Option(help="Fewer pairs, one seed.")] = False,
    markdown: Annotated[bool, typer.Option(help="Print Markdown.")] = False,
) -> None:
    """Print RMSE (m/yr) and KGE of 30-day speed by the share of long pairs that decorrelate."""
    pairs, seeds = (1_000, 1) if quick else (5_000, 3)
    made = Table(
        f"RMSE (m/yr) / KGE of 30-day speed, {pairs:,} pairs",
        (f"decorrelated beyond {BEYOND} days", *METHODS),
    )
    with ogive() as own, ticoi() as peer, tempfile.TemporaryDirectory() as folder:
        sides = {"ogive": own, "ticoi": peer}
        for share in SHARES:
            found: list[dict[str, Score]] = [
                scores(case(pairs, share, seed), sides, Path(folder)) for seed in range(1, seeds + 1)
            ]
            made.rows.append(
                (f"{share:.0%}", *(median_of([seed[name] for seed in found]) for name in METHODS))
            )
    if not markdown:
        print(conditions())
    made.show(markdown)


if __name__ == "__main__":
    typer.run(main)
