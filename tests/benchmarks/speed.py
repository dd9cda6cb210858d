"""`make bench`: how quick Ogive is beside ticoi and beside what cannot be avoided."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tests.benchmarks import inversion, region, shard, startup
from tests.benchmarks.reading import reading_seconds
from tests.benchmarks.report import Table, conditions, seconds
from tests.benchmarks.sides import ogive, ticoi
from workers.synthetic import SyntheticCube, write_cube

PIXELS_100_KM = (100_000 // 120) ** 2
"""Pixels of 120 m in 100 x 100 km"""


def main(
    quick: Annotated[bool, typer.Option(help="Small sizes, one round; only to see that all works.")] = False,
    markdown: Annotated[bool, typer.Option(help="Print Markdown.")] = False,
) -> None:
    """Print times, ratios, memory and efficiency as measured on this machine."""
    cases, layers, rounds = (inversion.QUICK, 1_000, 1) if quick else (inversion.CASES, 80_000, 3)
    print(f"{conditions()} Load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ogive() as own, ticoi() as peer:
            inversion.compare(cases, {"ogive": own, "ticoi": peer}, folder).show(markdown)
        _beside(layers, rounds, quick, folder).show(markdown)


def _beside(layers: int, rounds: int, quick: bool, folder: Path) -> Table:
    table = Table("Beside it", ("what", "measured", "target"))
    whole = shard.measure(layers, folder)
    chunk = write_cube(
        str(folder / "chunk.zarr"), SyntheticCube(pairs=layers, height=10, width=10, years=10.0)
    )
    reading = reading_seconds(chunk, rounds)
    hours = whole.seconds * PIXELS_100_KM / 3600.0
    size = (10, 80) if quick else (20, 160)
    spec = SyntheticCube(pairs=500 if quick else 2_000, height=size[0], width=size[1], years=10.0)
    times = region.measure(spec, folder, 1 if quick else 2)
    table.rows.extend(
        [
            (f"reading and decoding a pixel, {layers:,} layers", seconds(reading), "-"),
            (f"a pixel of a shard with all its reading, {layers:,} layers", seconds(whole.seconds), "-"),
            (
                f"peak memory of a worker, a shard, {layers:,} layers",
                f"{whole.peak_bytes / 1e9:.2f} GB",
                "≤ 2 GB",
            ),
            (f"100 x 100 km ({PIXELS_100_KM:,} px), {layers:,} layers", f"{hours:.1f} core-hours", "≤ 3"),
            ("import of what a worker needs", seconds(startup.import_seconds(rounds)), "≤ 2 s"),
            ("2 Dask workers over 1", f"{times.efficiency:.2f}", "≥ 1.8"),
            (f"overhead of Dask, {times.blocks} blocks", f"{times.overhead:.1%}", "≤ 5 %"),
        ]
    )
    return table


if __name__ == "__main__":
    typer.run(main)
