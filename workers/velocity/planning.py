"""A region request, from a box in degrees to shards of pixels, with nothing read but metadata and dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, WithJsonSchema

from workers.cubes.cube import Cube
from workers.cubes.discovery import CubeCatalog
from workers.cubes.grid import Grid
from workers.cubes.merging import DataSet
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import catalog, cubes_around, further_sets, opened
from workers.cubes.reference import CubeReference
from workers.errors import Bbox, InvalidRequest, NoCube, SeveralGrids, TooLarge
from workers.identity import request_sha256
from workers.plan import CubeSource, Limits, Plan, PlannedCube, Shard
from workers.regions import CRS84, lattice, outline, parse_bbox, split_until
from workers.velocity.cells import FARTHEST, Cells
from workers.velocity.parameters import VelocityParameters
from workers.velocity.region import HALO
from workers.velocity.screening import check_sensors

PROCESS_ID = "velocity-cube"
SHARD_PIXELS = 40


def _box(value: object) -> Bbox:
    try:
        return parse_bbox(value)
    except InvalidRequest as error:
        raise ValueError(error.message) from None


class VelocityCubeInputs(VelocityParameters):
    """Inputs of the process `velocity-cube`."""

    bbox: Annotated[
        Bbox,
        BeforeValidator(_box),
        WithJsonSchema(
            {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["bbox"],
                        "properties": {
                            "bbox": {
                                "type": "array",
                                "items": {"type": "number"},
                                "minItems": 4,
                                "maxItems": 4,
                            },
                            "crs": {"type": "string", "enum": [CRS84], "default": CRS84},
                        },
                    },
                    {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
                ]
            }
        ),
    ] = Field(
        description="West, south, east, north in degrees. The product lies on the source's own grid and "
        "covers the box, snapped out to whole chunks of the source.",
        examples=[{"bbox": [-49.6, 69.0, -49.3, 69.2], "crs": CRS84}],
    )
    grid: str | None = Field(
        None,
        pattern=r"^EPSG:\d{4,6}$",
        description="Take only cubes of this coordinate reference system, where several meet.",
        examples=["EPSG:32607"],
    )


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


def region_of(request: VelocityCubeInputs, source: CubeSource) -> tuple[list[Cube], Grid]:
    """The cubes that a region meets, and the grid of its product.

    Raises:
        NoCube, SeveralGrids, InvalidRequest, SourceUnavailable, CubeInvalid: as `plan_region` does.
    """
    cubes = [opened(reference, source.access) for reference in _choose(request, catalog(source))]
    grid = _snapped(request.bbox, cubes)
    if grid is None:
        raise NoCube("The box touches the edge of a cube but holds no pixel of it; ask for a larger box.")
    return cubes, grid


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


def _choose(request: VelocityCubeInputs, catalog: CubeCatalog) -> list[CubeReference]:
    """The cubes of one CRS that make the region."""
    found = catalog.in_bbox(*request.bbox)
    if not found:
        west, south, east, north = request.bbox
        raise no_cube("No cube meets the box", (west + east) / 2, (south + north) / 2, catalog)
    by_epsg: dict[int, list[CubeReference]] = {}
    for reference in found:
        by_epsg.setdefault(reference.epsg, []).append(reference)
    if request.grid is not None:
        epsg = int(request.grid.removeprefix("EPSG:"))
        if epsg not in by_epsg:
            others = ", ".join(f"EPSG:{code}" for code in sorted(by_epsg))
            raise InvalidRequest(
                f"No cube of {request.grid} meets the box; those that do are {others}.", "grid"
            )
        return by_epsg[epsg]
    if len(by_epsg) == 1:
        return next(iter(by_epsg.values()))
    for epsg in sorted(by_epsg):
        x, y = lattice(request.bbox, epsg)
        if _inside(x, y, by_epsg[epsg]).all():
            return by_epsg[epsg]
    split = {f"EPSG:{epsg}": [_part(request.bbox, epsg, by_epsg[epsg])] for epsg in sorted(by_epsg)}
    raise SeveralGrids(
        f"The box meets cubes of {', '.join(split)} and none of these covers it; ask once for each, naming "
        'it as "grid", with the box given in split.',
        split,
    )


def _inside(x: np.ndarray, y: np.ndarray, references: list[CubeReference]) -> np.ndarray:
    held = np.zeros(x.shape, bool)
    for reference in references:
        xmin, ymin, xmax, ymax = reference.bounds
        held |= (x >= xmin) & (x <= xmax) & (y >= ymin) & (y <= ymax)
    return held


def _part(bbox: Bbox, epsg: int, references: list[CubeReference]) -> Bbox:
    """The part of a box that cubes of one CRS hold, as a box; the whole where they only graze it."""
    west, south, east, north = bbox
    side = int(np.sqrt(lattice(bbox, epsg)[0].size))
    lon, lat = np.meshgrid(np.linspace(west, east, side), np.linspace(south, north, side))
    held = _inside(*lattice(bbox, epsg), references).reshape(side, side)
    if np.unique(lon[held]).size < 2 or np.unique(lat[held]).size < 2:
        return bbox
    return (
        float(lon[held].min()),
        float(lat[held].min()),
        float(lon[held].max()),
        float(lat[held].max()),
    )


def no_cube(sentence: str, lon: float, lat: float, catalog: CubeCatalog) -> NoCube:
    """The error for a place without a cube, naming the nearest."""
    nearest = catalog.nearest(lon, lat)
    if nearest is None:
        return NoCube(f"{sentence}; the source holds no cube at all.")
    reference, distance = nearest
    away = f"{distance / 1000:.1f} km" if distance >= 1000 else f"{distance:.0f} m"
    return NoCube(f"{sentence}; the nearest is {reference.id}, {away} away.", reference.id, distance)


def _snapped(bbox: Bbox, cubes: list[Cube]) -> Grid | None:
    """The smallest grid of whole source chunks that covers the part of the box which cubes hold, if any."""
    base = min(cubes, key=lambda cube: cube.reference.id).grid
    x, y = outline(bbox, base.epsg)
    edges = []
    for cube in cubes:
        grid, (deep, across) = cube.grid, cube.chunk
        top, left = grid.cell(x.min(), y.max())
        bottom, right = (
            -int(-v // 1) for v in ((grid.top - y.min()) / grid.spacing, (x.max() - grid.left) / grid.spacing)
        )
        top, bottom = max(0, top // deep * deep), min(grid.height, -(-bottom // deep) * deep)
        left, right = max(0, left // across * across), min(grid.width, -(-right // across) * across)
        if top < bottom and left < right:
            row, column = grid.offset(base) or (0, 0)
            edges.append((row + top, column + left, row + bottom, column + right))
    if not edges:
        return None
    top, left = min(e[0] for e in edges), min(e[1] for e in edges)
    return base.window(top, left, max(e[2] for e in edges) - top, max(e[3] for e in edges) - left)


def _too_large(bbox: Bbox, cubes: list[Cube], grid: Grid, limits: Limits, layers: list[int]) -> TooLarge:
    pixels, most = grid.height * grid.width, limits.pixels(layers)

    def fits(box: Bbox) -> bool:
        part = _snapped(box, cubes)
        return part is None or part.height * part.width <= most

    split = [box for box in split_until(bbox, fits) if _snapped(box, cubes) is not None]
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
