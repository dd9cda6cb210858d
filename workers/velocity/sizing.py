"""How large a region request is, from metadata and the dates of pairs: no velocity is read."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from workers.calendar import Interval
from workers.cubes.cube import Cube
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import further_sets
from workers.plan import CubeSource, JobSize, Limits
from workers.velocity.covering import region_of
from workers.velocity.planning import SHARD_PIXELS, blocks_of, layers_of
from workers.velocity.region import HALO
from workers.velocity.region_inputs import VelocityCubeInputs
from workers.velocity.variables import VARIABLES

STORED_BYTES = 2.0
"""Of vx and vy together, a pixel and layer, as ITS_LIVE compresses them; less where many are missing"""
WRITTEN_SHARE = 0.65
"""Of the raw bytes of a product, after compression"""
_EARLIEST, _LATEST = Interval.parse("1984-01-01/2026-01-01").start, Interval.parse("../2026-01-01").end
_MOST_COUNTED = 4_000_000
_MOST_DATED = 4
"""Cubes whose dates are read; a region of more is over any limit, and told so soon"""


def size_region(inputs: dict[str, Any], source: CubeSource) -> JobSize:
    """The size of a region's job.

    Where `datetime` leaves a side open, the dates of the pairs tell how long the record is: the job reads
    them anyway, and the open cube keeps them for it. Of a region of many cubes it is taken to run from 1984
    to 2025.

    Raises:
        NoCube, SeveralGrids, InvalidRequest, SourceUnavailable, ChunkUnreadable, CubeInvalid: as planning it
            does.
    """
    request = VelocityCubeInputs.model_validate(inputs)
    cubes, grid = region_of(request, source)
    pixels = grid.height * grid.width
    further = further_sets(source, request.further_datasets, grid)
    layers = layers_of(cubes, further)
    windows = request.windows(
        *_record(request.window_interval, [*cubes, *(cube for other in further for cube in other.cubes)])
    )
    values = sum(
        (len(windows) if "time" in variable.dimensions else 1) * (4 if variable.dtype == "float32" else 1)
        for variable in VARIABLES
    )
    # A job over any limit is not laid out in shards only to be counted.
    blocks = (
        blocks_of(Mosaic(cubes, grid), request) if pixels <= max(_MOST_COUNTED, Limits().max_pixels) else None
    )
    return JobSize(
        pixels=pixels,
        blocks=blocks,
        layers=tuple(layers),
        read_bytes=round(pixels * _overlap(cubes) * statistics.median(layers) * STORED_BYTES),
        write_bytes=round(pixels * values * WRITTEN_SHARE),
    )


def _record(asked: Interval | None, cubes: Sequence[Cube]) -> tuple[int, int]:
    """First and last day of the windows: those asked for, and of the pairs where a side is open."""
    start, end = (None, None) if asked is None else (asked.start, asked.end)
    first, last = _EARLIEST, _LATEST
    if None in (start, end) and len(cubes) <= _MOST_DATED:
        records = [cube.record() for cube in cubes]
        first, last = min(r[0] for r in records), max(r[1] for r in records)
    return first if start is None else start, last if end is None else end


def _overlap(cubes: Sequence[Cube]) -> float:
    """How often a pixel is read: shards need a halo, and chunks come whole."""
    share = 1.0
    for side in cubes[0].chunk:
        share *= (-(-(SHARD_PIXELS + 2 * HALO) // side) + 1) * side / SHARD_PIXELS
    return share
