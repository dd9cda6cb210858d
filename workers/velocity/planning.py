"""A region request, from a box in degrees to shards of pixels: metadata and dates are read, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from workers.cubes.cube import Cube
from workers.cubes.grid import Grid
from workers.cubes.merging import DataSet
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import catalog, cubes_around, further_sets
from workers.errors import Bbox, TooLarge
from workers.identity import request_sha256
from workers.plan import CubeSource, Limits, Plan, PlannedCube, Shard
from workers.regions import split_until
from workers.velocity.cells import FARTHEST, Cells
from workers.velocity.covering import region_of, snapped
from workers.velocity.parameters import VelocityParameters
from workers.velocity.region import HALO
from workers.velocity.region_inputs import VelocityCubeInputs
from workers.velocity.screening import check_sensors

PROCESS_ID = "velocity-cube"
SHARD_PIXELS = 40


def plan_region(inputs: dict[str, Any], source: CubeSource, limits: Limits) -> Plan:
    """Plan the product of a region.

    Raises:
        NoCube: no cube meets the box.
        SeveralGrids: its cubes lie on several coordinate reference systems and none of these covers it.
        TooLarge: it has more pixels than the limit, or is expected to cost more than it.
        InvalidRequest: an input is wrong, no pair is of a sensor asked for, or step or datetime leave no
            window.
        SourceUnavailable, CubeInvalid: a catalog or a cube is at fault.
    """
    request = VelocityCubeInputs.model_validate(inputs)
    cubes, grid = region_of(request, source)
    halo = grid.window(-HALO, -HALO, grid.height + 2 * HALO, grid.width + 2 * HALO)
    reached = grid.window(-FARTHEST, -FARTHEST, grid.height + 2 * FARTHEST, grid.width + 2 * FARTHEST)
    further = further_sets(source, request.further_datasets, reached)
    layers = layers_of(cubes, further)
    if grid.height * grid.width > limits.pixels(layers):
        raise _too_large(request.bbox, cubes, grid, limits, layers)
    beside = cubes_around(halo, catalog(source), source.access)
    mosaic = Mosaic({cube.id: cube for cube in [*cubes, *beside]}.values(), grid)
    read = [planned(cube) for cube in mosaic.cubes]
    read += [planned(cube, other.name) for other in further for cube in other.cubes]
    cubes = [*mosaic.cubes, *(cube for other in further for cube in other.cubes)]
    records = [cube.record() for cube in cubes]
    first, last = min(r[0] for r in records), max(r[1] for r in records)
    request.windows(first, last)
    check_sensors(request, [cube.table() for cube in cubes])
    canonical = request.model_dump(mode="json", exclude={"bbox"})
    canonical["window"] = [*grid.bounds]
    canonical["grid"] = f"EPSG:{grid.epsg}"
    return Plan(
        process=PROCESS_ID,
        inputs=request.model_dump(mode="json"),
        access=source.access,
        cubes=tuple(read),
        grid=grid,
        first_day=first,
        last_day=last,
        request_sha256=request_sha256(PROCESS_ID, canonical, {c.label: c.fingerprint for c in read}),
        shards=tuple(_shards(mosaic, request)),
    )


def layers_of(cubes: Sequence[Cube], further: Sequence[DataSet]) -> list[int]:
    """Layers that a pixel of each cube may have pairs of: its own, and one cube's of each further set."""
    merged = sum(max((cube.layers for cube in other.cubes), default=0) for other in further)
    return [cube.layers + merged for cube in cubes]


def planned(cube: Cube, dataset: str | None = None) -> PlannedCube:
    """What a plan keeps of an open cube, and of which further data set it is."""
    return PlannedCube(
        reference=cube.reference,
        fingerprint=cube.fingerprint,
        last_modified=cube.last_modified,
        layers=cube.layers,
        media_type=cube.media_type,
        dataset=dataset,
    )


def _too_large(bbox: Bbox, cubes: list[Cube], grid: Grid, limits: Limits, layers: list[int]) -> TooLarge:
    pixels, most = grid.height * grid.width, limits.pixels(layers)

    def fits(box: Bbox) -> bool:
        part = snapped(box, cubes)
        return part is None or part.height * part.width <= most

    split = [box for box in split_until(bbox, fits) if snapped(box, cubes) is not None]
    advice = f"; the {len(split)} boxes of split fit" if split else ""
    if pixels > limits.max_pixels:
        told = f"The region has {pixels} pixels; the limit is {limits.max_pixels}{advice}."
        over = "max_pixels"
    else:
        hours, most_hours = limits.cost.expected(pixels, layers) / 3600, limits.max_cpu_seconds / 3600
        told = f"The region needs about {hours:.2g} processor hours; the limit is {most_hours:.3g}{advice}."
        over = "max_cpu_seconds"
    return TooLarge(told, limits.told, split, limit=over)


def blocks_of(mosaic: Mosaic, parameters: VelocityParameters) -> int:
    """Blocks of all shards of a product."""
    return sum(shard.blocks for shard in _shards(mosaic, parameters))


def _shards(mosaic: Mosaic, parameters: VelocityParameters) -> Iterator[Shard]:
    """Windows of the product's grid, one for each shard, with the chunk rows that each reads."""
    grid = mosaic.grid
    for row in range(0, grid.height, SHARD_PIXELS):
        for column in range(0, grid.width, SHARD_PIXELS):
            height, width = min(SHARD_PIXELS, grid.height - row), min(SHARD_PIXELS, grid.width - column)
            pieces = mosaic.pieces(*Cells(mosaic, (row, column, height, width), parameters).reach(HALO))
            yield Shard(row=row, column=column, height=height, width=width, blocks=len(pieces))
