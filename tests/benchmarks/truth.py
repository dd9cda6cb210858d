"""`make bench-truth`: Ogive, ticoi and a plain median against synthetic truth."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from tests.benchmarks.accuracy import METHODS, Score, cases, scores
from tests.benchmarks.report import Table, conditions
from tests.benchmarks.sides import ogive, ticoi

Key = tuple[str, float, int]


def main(
    quick: Annotated[bool, typer.Option(help="Fewer pairs, one seed.")] = False,
    markdown: Annotated[bool, typer.Option(help="Print Markdown.")] = False,
) -> None:
    """Print RMSE (m/yr), KGE and coverage of intervals of 30-day speed, medians over seeds."""
    pairs, seeds = ((1_000,), 1) if quick else ((5_000, 20_000), 3)
    found: dict[Key, list[dict[str, Score]]] = {}
    with ogive() as own, ticoi() as peer, tempfile.TemporaryDirectory() as folder:
        for seed in range(1, seeds + 1):
            for key, spec in cases(pairs, seed).items():
                found.setdefault(key, []).append(scores(spec, {"ogive": own, "ticoi": peer}, Path(folder)))
    if not markdown:
        print(conditions())
    table(found).show(markdown)


def table(found: dict[Key, list[dict[str, Score]]]) -> Table:
    """Medians over seeds, row by row."""
    made = Table(
        "RMSE (m/yr) / KGE of 30-day speed, Ogive with the share of its intervals that hold the truth",
        ("scenario", "date noise", "pairs", *METHODS),
    )
    for (scenario, noise, pairs), seeds in found.items():
        figures = [median_of([seed[name] for seed in seeds]) for name in METHODS]
        made.rows.append((scenario, f"{noise:g} m", f"{pairs:,}", *figures))
    return made


def median_of(of_seeds: list[Score]) -> str:
    """Median over the seeds that gave a series, and how many if not all did."""
    known = [score for score in of_seeds if np.isfinite(score[:2]).all()]
    if not known:
        return "none"
    rmse, kge, held = np.median(known, axis=0)
    interval = f" / {held:.2f}" if np.isfinite(held) else ""
    few = f" ({len(known)} of {len(of_seeds)})" if len(known) < len(of_seeds) else ""
    return f"{rmse:.1f} / {kge:.2f}{interval}{few}"


if __name__ == "__main__":
    typer.run(main)
