"""The series of the points of a flowline, solved in one pass over the cubes that it crosses."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from workers.cubes.opened import catalog
from workers.cubes.tiles import Tiles
from workers.errors import Bbox, ChunkUnreadable, InvalidRequest, NoCube, OgiveError
from workers.lines import walk
from workers.plan import CubeSource
from workers.velocity.covering import no_cube
from workers.velocity.line import LineSeries
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import PointSeries, Report, solve_sites
from workers.velocity.sites import Site, locate_all, with_datasets

OF_ONE_POINT = (NoCube, ChunkUnreadable, InvalidRequest)
"""What leaves one point without a series; all else is at fault for the whole line"""
_MARGIN_DEGREES = 0.02
"""Around the line, in which cubes are asked for: more than a pixel and its neighbours"""


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
        InvalidRequest: the line or the spacing is none, or step, sensors or datetime leave nothing.
        TooLarge: there would be too many points.
        NoCube: no cube holds any of the points.
        ChunkUnreadable: no pixel of the line can be read.
        SourceUnavailable, CubeInvalid: a catalog or a cube is at fault.
    """
    began = time.perf_counter()
    points = walk(coordinates, spacing)
    cubes = catalog(source)
    near = Tiles(cubes.in_bbox(*_widened(points.bbox)))
    places = list(zip(points.lon.tolist(), points.lat.tolist(), strict=True))
    located = [
        with_datasets(each, source, parameters.further_datasets) if isinstance(each, Site) else each
        for each in locate_all(near, source.access, places)
    ]
    sites = [each for each in located if isinstance(each, Site)]
    if not sites and all(isinstance(each, NoCube) for each in located):
        raise no_cube("No cube holds any point of the line", *places[0], cubes)
    found = time.perf_counter()
    solved = iter(solve_sites(sites, source.access, parameters, report=report))
    answers = tuple(next(solved) if isinstance(each, Site) else each for each in located)
    _check(answers)
    return LineSeries(
        coordinates=tuple((float(vertex[0]), float(vertex[1])) for vertex in coordinates),
        spacing=float(spacing),
        points=points,
        answers=answers,
        parameters=parameters,
        timings={
            "catalog": found - began,
            **{
                stage: sum(each.timings[stage] for each in answers if isinstance(each, PointSeries))
                for stage in ("read", "solve")
            },
        },
    )


def _check(answers: Sequence[PointSeries | OgiveError]) -> None:
    """Raise what is at fault for more than a point, or for all of them."""
    errors = [each for each in answers if isinstance(each, OgiveError)]
    for error in errors:
        if not isinstance(error, OF_ONE_POINT):
            raise error
    if len(errors) == len(answers):
        # Outside the cubes a point says less than one whose pixel was found.
        raise next((error for error in errors if not isinstance(error, NoCube)), errors[0])


def _widened(box: Bbox) -> Bbox:
    """A box in degrees with a margin on each side; west > east where it crosses 180 degrees."""
    west, south, east, north = box
    south, north = max(south - _MARGIN_DEGREES, -90.0), min(north + _MARGIN_DEGREES, 90.0)
    sideways = _MARGIN_DEGREES / max(math.cos(math.radians(max(abs(south), abs(north)))), 1e-6)
    if (east - west) % 360 + 2 * sideways >= 360 or (west, east) == (-180.0, 180.0):
        return -180.0, south, 180.0, north
    west, east = west - sideways, east + sideways
    return west + 360 if west < -180 else west, south, east - 360 if east > 180 else east, north
