"""Whether stated errors should weigh pairs: RMSE with `error_weights` and without, against the truth."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer

from tests.benchmarks.accuracy import MIXED, score
from tests.benchmarks.cases import load, pixel, save
from tests.benchmarks.ogive_pixel import series
from tests.benchmarks.report import Table, conditions
from workers.synthetic import SyntheticCube
from workers.velocity.parameters import VelocityParameters

NOISIER = 4.0
"""Times the noise of the others, in half of the pairs or, where errors mislead, in what they say"""
SAID = ("the same of all", "what is so", "what is not so")


def compare(spec: SyntheticCube, said: str, folder: Path) -> tuple[float, float]:
    """RMSE of a pixel without and with weights.

    Half of the pairs are noisier than the rest unless the errors mislead; then as many only say so.
    """
    path = folder / "pixel.npz"
    truth = save(spec, path)
    table, vx, vy = load(str(path))
    random = np.random.default_rng(spec.seed)
    noisier = random.random(vx.size) < 0.5
    if said != "what is not so":
        sigma = np.sqrt(NOISIER**2 - 1.0) * spec.pair_noise * 365.0 / (table.day2 - table.day1)
        vx, vy = (
            np.where(noisier, v + sigma * random.standard_normal(v.size), v).astype(np.float32)
            for v in (vx, vy)
        )
    if said != "the same of all":
        error = np.where(noisier, NOISIER * table.error_x, table.error_x).astype(np.float32)
        table = dataclasses.replace(table, error_x=error, error_y=error)
    answers = (
        series(table, vx, vy, VelocityParameters(error_weights=weights, interval="theoretical"))
        for weights in (False, True)
    )
    plain, weighted = (score(answer, truth)[0] for answer in answers)
    return plain, weighted


def main(
    quick: Annotated[bool, typer.Option(help="Fewer pairs, one seed.")] = False,
    markdown: Annotated[bool, typer.Option(help="Print Markdown.")] = False,
) -> None:
    """Print RMSE (m/yr) of 30-day speed by what the stated errors say."""
    pairs, seeds = (1_000, 1) if quick else (5_000, 3)
    made = Table(
        f"RMSE (m/yr) of 30-day speed, {pairs:,} pairs, half of them {NOISIER:g} times as noisy",
        ("scenario", "stated errors say", "all alike", "error_weights"),
    )
    with tempfile.TemporaryDirectory() as folder:
        for name, choices in {"seasonal": {}, "surge": {"scenario": "surge"}, "mixed": MIXED}.items():
            for said in SAID:
                found = [
                    compare(pixel(pairs, seed=seed, **choices), said, Path(folder))
                    for seed in range(1, seeds + 1)
                ]
                figures = (f"{median(one):.1f}" for one in zip(*found, strict=True))
                made.rows.append((name, said, *figures))
    if not markdown:
        print(conditions())
    made.show(markdown)


if __name__ == "__main__":
    typer.run(main)
