"""The series of the points of a flowline, solved in one pass over the cubes that it crosses."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from workers.calendar import Windows
from workers.cubes.cube import Cube
from workers.cubes.discovery import CubeCatalog
from workers.cubes.kept_chunks import KeptChunks
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import catalog
from workers.cubes.reference import Access
from workers.cubes.tiles import Tiles
from workers.errors import Bbox, ChunkUnreadable
from workers.identity import request_sha256
from workers.lines import Walk, walk
from workers.plan import CubeSource
from workers.regions import to_grid
from workers.velocity.line import NOWHERE, LineCube, LinePixel, LineSeries
from workers.velocity.parameters import VelocityParameters
from workers.velocity.planning import no_cube
from workers.velocity.region import HALO, Reading, solve_window
from workers.velocity.screening import check_sensors
from workers.velocity.series import PixelSeries
from workers.velocity.sites import around, owner

PROCESS_ID = "flowline"
_MARGIN_DEGREES = 0.02
"""Around the line, in which cubes are asked for: more than a pixel and its neighbours"""
_READERS = 4
_PIXELS_AHEAD = 4
Report = Callable[[int, int], None]
"""Told how many pixels are done, of how many"""


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """A pixel that is to be solved; row and column of the mosaic."""

    cube: Cube
    row: int
    column: int
    mosaic: Mosaic


def line_series(
    source: CubeSource,
    coordinates: Sequence[Sequence[float]],
    spacing: float,
    parameters: VelocityParameters,
    report: Report = lambda done, total: None,
) -> LineSeries:
    """The series of points every `spacing` metres along a line; each is that of the pixel which holds it.

    A point answers as `point_series` does at its place, to the bit. Points of one pixel share its series, and
    each chunk of a cube is read once. A point outside all cubes, or whose chunk cannot be read, is marked and
    refuses nothing but itself.

    Args:
        source: where cubes come from.
        coordinates: longitude and latitude of the line's vertices, degrees, as in a GeoJSON LineString.
        spacing: metres along the ground; at most 500 points.
        parameters: the user's choices.
        report: told after each pixel.

    Raises:
        InvalidRequest: the line or the spacing is none, no pair is of a sensor asked for, or step or datetime
            leave no window.
        TooLarge: there would be too many points.
        NoCube: no cube holds any of the points.
        ChunkUnreadable: no pixel of the line can be read.
        SourceUnavailable, CubeInvalid: a catalog or a cube is at fault.
    """
    began = time.perf_counter()
    points = walk(coordinates, spacing)
    with ThreadPoolExecutor(_READERS) as readers:
        cells, pixel = _cells(points, catalog(source), source.access, readers)
        cubes = sorted({cell.cube.id: cell.cube for cell in cells}.values(), key=lambda cube: cube.id)
        records = [cube.record() for cube in cubes]
        first, last = min(record[0] for record in records), max(record[1] for record in records)
        windows = parameters.windows(first, last)
        check_sensors(parameters, [cube.table() for cube in cubes])
        found, reading = time.perf_counter(), Reading()
        pixels = _solved(cells, windows, parameters, reading, report)
    done = time.perf_counter()
    vertices = tuple((float(vertex[0]), float(vertex[1])) for vertex in coordinates)
    inputs = {"coordinates": vertices, "spacing": float(spacing), **parameters.model_dump(mode="json")}
    return LineSeries(
        coordinates=vertices,
        spacing=float(spacing),
        points=points,
        pixel=pixel,
        pixels=pixels,
        cubes=tuple(_cited(cube) for cube in cubes),
        windows=windows,
        parameters=parameters,
        request_sha256=request_sha256(PROCESS_ID, inputs, {cube.id: cube.fingerprint for cube in cubes}),
        timings={"catalog": found - began, "read": reading.seconds, "solve": done - found - reading.seconds},
    )


def _cells(
    points: Walk, cubes: CubeCatalog, access: Access, readers: Executor
) -> tuple[list[_Cell], np.ndarray]:
    """The pixels of the points, each once, and the index of each point's among them."""
    near = Tiles(cubes.in_bbox(*_widened(points.bbox)))
    kept: dict[str, KeptChunks] = {}
    cells: list[_Cell] = []
    known: dict[tuple[str, int, int], int] = {}
    pixel = np.full(len(points), NOWHERE, np.int64)
    for index, place in enumerate(zip(points.lon.tolist(), points.lat.tolist(), strict=True)):
        holding = near.at_point(*place)
        if not holding:
            continue
        cube, row, column = owner(holding, access, *place)
        key = cube.id, row, column
        if key not in known:
            beside = around(cube, row, column, holding, near, access)
            kept |= {each.id: KeptChunks(each, readers) for each in beside if each.id not in kept}
            known[key] = len(cells)
            cells.append(_Cell(cube, row, column, Mosaic([kept[each.id] for each in beside], cube.grid)))
        pixel[index] = known[key]
    if not cells:
        raise no_cube("No cube holds any point of the line", points.lon[0], points.lat[0], cubes)
    return cells, pixel


def _solved(
    cells: list[_Cell], windows: Windows, parameters: VelocityParameters, reading: Reading, report: Report
) -> tuple[LinePixel, ...]:
    """Invert pixel by pixel while the chunks of the next ones are read."""
    solved = []
    for index, cell in enumerate(cells):
        for coming in cells[index + 1 : index + 1 + _PIXELS_AHEAD]:
            _expect(coming)
        known = len(reading.failures)
        answers = list(solve_window(cell.mosaic, cell.row, cell.column, 1, 1, windows, parameters, reading))
        failures = reading.failures[known:]
        solved.append(_answer(cell, answers[0].series if not failures else None, failures))
        report(index + 1, len(cells))
    if all(pixel.series is None for pixel in solved):
        raise reading.failures[0]
    return tuple(solved)


def _expect(cell: _Cell) -> None:
    size = 1 + 2 * HALO
    for piece in cell.mosaic.pieces(cell.row - HALO, cell.column - HALO, size, size):
        cell.mosaic.cubes[piece.cube].expect(*cell.mosaic.place(piece), piece.height, piece.width)


def _answer(cell: _Cell, series: PixelSeries | None, failures: list[ChunkUnreadable]) -> LinePixel:
    grid = cell.cube.grid
    x, y = grid.centre(cell.row, cell.column)
    lon, lat = to_grid(grid.epsg).transform(x, y, direction="INVERSE")
    return LinePixel(
        cube=cell.cube.id,
        crs=f"EPSG:{grid.epsg}",
        x=x,
        y=y,
        lon=round(lon, 7),
        lat=round(lat, 7),
        series=series,
        problem=failures[0].message if failures else None,
    )


def _cited(cube: Cube) -> LineCube:
    reference = cube.reference
    return LineCube(
        cube.id, reference.href, reference.item_href, cube.fingerprint, cube.last_modified, cube.layers
    )


def _widened(box: Bbox) -> Bbox:
    """A box in degrees with a margin on each side; west > east where it crosses 180 degrees."""
    west, south, east, north = box
    south, north = max(south - _MARGIN_DEGREES, -90.0), min(north + _MARGIN_DEGREES, 90.0)
    sideways = _MARGIN_DEGREES / max(math.cos(math.radians(max(abs(south), abs(north)))), 1e-6)
    if (east - west) % 360 + 2 * sideways >= 360 or (west, east) == (-180.0, 180.0):
        return -180.0, south, 180.0, north
    west, east = west - sideways, east + sideways
    return west + 360 if west < -180 else west, south, east - 360 if east > 180 else east, north
