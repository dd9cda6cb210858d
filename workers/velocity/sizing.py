"""How large a region request is, from the metadata of its cubes alone: one request a cube, no data."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from workers.calendar import Interval
from workers.cubes.cube import Cube
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import further_sets
from workers.plan import CubeSource, JobSize, Limits
from workers.velocity.planning import SHARD_PIXELS, VelocityCubeInputs, blocks_of, layers_of, region_of
from workers.velocity.region import HALO
from workers.velocity.variables import VARIABLES

STORED_BYTES = 2.0
"""Of vx and vy together, a pixel and layer, as ITS_LIVE compresses them; less where many are missing"""
WRITTEN_SHARE = 0.65
"""Of the raw bytes of a product, after compression"""
_EARLIEST, _LATEST = Interval.parse("1984-01-01/2026-01-01").start, Interval.parse("../2026-01-01").end
_MOST_COUNTED = 4_000_000


def size_region(inputs: dict[str, Any], source: CubeSource) -> JobSize:
    """The size of a region's job.

    Where `datetime` leaves a side open, the record is taken to run from 1984 to 2025: the dates of the pairs
    are data, which is not read here.

    Raises:
        NoCube, SeveralGrids, InvalidRequest, SourceUnavailable, CubeInvalid: as planning it does.
    """
    request = VelocityCubeInputs.model_validate(inputs)
    cubes, grid = region_of(request, source)
    pixels = grid.height * grid.width
    layers = layers_of(cubes, further_sets(source, request.further_datasets, grid))
    asked = request.window_interval
    windows = request.windows(
        _EARLIEST if asked is None or asked.start is None else asked.start,
        _LATEST if asked is None or asked.end is None else asked.end,
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


def _overlap(cubes: Sequence[Cube]) -> float:
    """How often a pixel is read: shards need a halo, and chunks come whole."""
    share = 1.0
    for side in cubes[0].chunk:
        share *= (-(-(SHARD_PIXELS + 2 * HALO) // side) + 1) * side / SHARD_PIXELS
    return share
