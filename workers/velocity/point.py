"""A series at one place: find the cube, read its pixels, filter, invert."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.calendar import Windows
from workers.cubes.cube import Cube
from workers.cubes.discovery import CubeCatalog
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import catalog, cubes_around, opened
from workers.cubes.pairs import PairTable
from workers.cubes.reference import Access, CubeReference
from workers.errors import InvalidRequest
from workers.identity import request_sha256
from workers.plan import CubeSource
from workers.regions import to_grid
from workers.velocity.parameters import VelocityParameters
from workers.velocity.planning import no_cube
from workers.velocity.region import HALO, Reading, SolvedPixel, solve_window
from workers.velocity.screening import check_sensors
from workers.velocity.series import PixelSeries

OVERLAP_RULE = "where cubes overlap, the one whose edge is farthest from the place; ties by name"


@dataclass(frozen=True, slots=True, eq=False)
class PointSeries:
    """A series and what is needed to judge and cite it."""

    lon: float
    lat: float
    """The place as it was asked for, degrees"""
    cell_lon: float
    cell_lat: float
    cell_x: float
    cell_y: float
    """Centre of the pixel that answers, degrees and metres in `crs`"""
    crs: str
    """`EPSG:3413`"""
    offset_m: float
    """Distance from the place to that centre, metres"""
    cube: str
    """Id of the cube that answers"""
    cube_href: str
    item_href: str | None
    fingerprint: str
    """`sha256:...` of the cube's metadata"""
    last_modified: str | None
    """RFC 3339, as the cube states it"""
    layers: int
    other_cubes: tuple[str, ...]
    """Ids of further cubes that hold the place"""
    request_sha256: str
    """Hash of place, parameters, method version and fingerprint, in hex"""
    parameters: VelocityParameters
    windows: Windows
    series: PixelSeries
    observations: dict[str, Any] | None
    """Columns of the raw pairs, on request: mid, start, end (days, float), v, vx, vy, error (m/yr), sensor
    (names), weight (0..1, 0 for rejected pairs)"""
    timings: dict[str, float]
    """Seconds by stage: `catalog`, `read`, `solve`; not part of the document"""


def point_series(
    source: CubeSource,
    lon: float,
    lat: float,
    parameters: VelocityParameters,
    observations: bool = False,
) -> PointSeries:
    """The series of the pixel that holds a place.

    Args:
        source: where cubes come from.
        lon, lat: the place, degrees.
        parameters: the user's choices.
        observations: also give the raw pairs with their weights.

    Raises:
        InvalidRequest: the place is not on the globe, no pair is of a sensor asked for, or step or datetime
            leave no window.
        NoCube: no cube holds the place.
        SourceUnavailable, CubeInvalid, ChunkUnreadable: a catalog, a cube or a chunk is at fault.
    """
    began = time.perf_counter()
    check_place(lon, lat)
    cubes = catalog(source)
    holding = cubes.at_point(lon, lat)
    if not holding:
        raise no_cube(f"No cube holds lon={lon:g}, lat={lat:g}", lon, lat, cubes)
    cube, row, column = owner(holding, source.access, lon, lat)
    table = cube.table()
    check_sensors(parameters, [table])
    found = time.perf_counter()

    first, last = cube.record()
    windows = parameters.windows(first, last)
    mosaic = Mosaic(around(cube, row, column, holding, cubes, source.access), cube.grid)
    reading = Reading()
    solved = list(solve_window(mosaic, row, column, 1, 1, windows, parameters, reading))
    if reading.failures:
        raise reading.failures[0]
    pixel = solved[0]
    done = time.perf_counter()

    x, y = cube.grid.centre(row, column)
    to = to_grid(cube.grid.epsg)
    cell_lon, cell_lat = to.transform(x, y, direction="INVERSE")
    inputs = {"lon": lon, "lat": lat, **parameters.model_dump(mode="json")}
    return PointSeries(
        lon=lon,
        lat=lat,
        cell_lon=round(cell_lon, 7),
        cell_lat=round(cell_lat, 7),
        cell_x=x,
        cell_y=y,
        crs=f"EPSG:{cube.grid.epsg}",
        offset_m=round(math.hypot(*(a - b for a, b in zip(to.transform(lon, lat), (x, y), strict=True))), 1),
        cube=cube.id,
        cube_href=cube.reference.href,
        item_href=cube.reference.item_href,
        fingerprint=cube.fingerprint,
        last_modified=cube.last_modified,
        layers=cube.layers,
        other_cubes=tuple(other.id for other in holding if other.id != cube.id),
        request_sha256=request_sha256("timeseries", inputs, {cube.id: cube.fingerprint}),
        parameters=parameters,
        windows=windows,
        series=pixel.series,
        observations=_observations(table, pixel) if observations else None,
        timings={"catalog": found - began, "read": reading.seconds, "solve": done - found - reading.seconds},
    )


def check_place(lon: float, lat: float) -> None:
    """Refuse a place that is not on the globe.

    Raises:
        InvalidRequest: naming lon or lat.
    """
    for name, value, limit in (("lon", lon, 180), ("lat", lat, 90)):
        if not (math.isfinite(value) and -limit <= value <= limit):
            raise InvalidRequest(
                f"{name} is {value:g}; it must lie between -{limit} and {limit} degrees.", name
            )


def owner(holding: list[CubeReference], access: Access, lon: float, lat: float) -> tuple[Cube, int, int]:
    """The cube that owns the pixel which holds a place, as `Mosaic` decides, and the pixel in it."""
    cube = opened(holding[0], access)
    row, column = cube.grid.cell(*to_grid(cube.grid.epsg).transform(lon, lat))
    row, column = min(row, cube.grid.height - 1), min(column, cube.grid.width - 1)
    rivals = [opened(other, access) for other in holding[1:] if other.epsg == cube.grid.epsg]
    if rivals:
        mosaic = Mosaic([cube, *rivals], cube.grid)
        owner = mosaic.cubes[mosaic.owners(row, column, 1, 1)[0, 0]]
        top, left = owner.grid.offset(cube.grid)
        return owner, row - top, column - left
    return cube, row, column


def around(
    cube: Cube, row: int, column: int, holding: list[CubeReference], cubes: CubeCatalog, access: Access
) -> list[Cube]:
    """The cubes that the pixel and its halo lie on; the catalog is asked only at the edge of a cube."""
    alone = len(holding) == 1
    inside = HALO <= row < cube.grid.height - HALO and HALO <= column < cube.grid.width - HALO
    if alone and inside:
        return [cube]
    size = 1 + 2 * HALO
    beside = cubes_around(cube.grid.window(row - HALO, column - HALO, size, size), cubes, access)
    return list({each.id: each for each in [cube, *beside]}.values())


def _observations(table: PairTable, pixel: SolvedPixel) -> dict[str, Any]:
    """Columns of the raw pairs that have a velocity, in canonical order."""
    rows = np.flatnonzero(np.isfinite(pixel.vx) & np.isfinite(pixel.vy))
    weight = np.zeros(len(table), np.float32)
    weight[pixel.series.rows] = pixel.series.weights
    vx, vy = pixel.vx[rows].astype(np.float64), pixel.vy[rows].astype(np.float64)
    v = np.hypot(vx, vy)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.hypot(vx * table.error_x[rows], vy * table.error_y[rows]) / v
    start, end = table.day1[rows].astype(np.float64), table.day2[rows].astype(np.float64)
    return {
        "mid": (start + end) / 2,
        "start": start,
        "end": end,
        "v": v.astype(np.float32),
        "vx": pixel.vx[rows],
        "vy": pixel.vy[rows],
        "error": error.astype(np.float32),
        "sensor": [table.sensors[code] for code in table.sensor[rows]],
        "weight": weight[rows],
    }
