"""Series at places: filter and invert the pixels that answer for them, reading what they share once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from workers.cubes.in_use import CubesInUse
from workers.cubes.kept_chunks import KeptChunks
from workers.cubes.merging import MergedCube, Readable, data_sets
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import catalog
from workers.cubes.pairs import PairTable
from workers.cubes.reference import Access
from workers.errors import OgiveError
from workers.identity import request_sha256
from workers.plan import CubeSource, PlannedCube
from workers.telemetry import measures, spans
from workers.velocity.calibration import Verdict
from workers.velocity.cells import Key, around
from workers.velocity.parameters import VelocityParameters
from workers.velocity.region import HALO, Reading, SolvedPixel, solve_window
from workers.velocity.screening import check_sensors
from workers.velocity.series import PixelSeries
from workers.velocity.sites import Site, locate, with_datasets
from workers.windows import Windows

OVERLAP_RULE = "where cubes overlap, the one whose edge is farthest from the place; ties by name"
_READERS = 4
_SITES_AHEAD = 4
"""For how many sites chunks are read while one is solved"""
Report = Callable[[int, int], None]
"""Told how many pixels are done, of how many"""


@dataclass(frozen=True, slots=True, eq=False)
class PointSeries:
    """A series and what is needed to judge and cite it."""

    site: Site
    parameters: VelocityParameters
    windows: Windows
    series: PixelSeries
    observations: dict[str, Any] | None
    """Columns of the raw pairs, on request: mid, start, end (days, float), v, vx, vy, error (m/yr), sensor
    (names), dataset (names, where several are merged), weight (0..1, 0 for rejected pairs)"""
    timings: dict[str, float]
    """Seconds by stage: `read`, `solve`; not part of the document"""

    @property
    def request_sha256(self) -> str:
        """Hash of place, parameters, method version and fingerprints, in hex."""
        return series_sha256(self.site, self.parameters)


def series_sha256(site: Site, parameters: VelocityParameters) -> str:
    """What makes two series the same, known before either is computed: SHA-256 in hex."""
    inputs = {"lon": site.lon, "lat": site.lat, **parameters.model_dump(mode="json")}
    return request_sha256("timeseries", inputs, site.fingerprints)


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
        InvalidRequest: the place is not on the globe, no pair is of a sensor asked for, there is no data set
            of a name, or step or datetime leave no window.
        NoCube: no cube holds the place.
        SourceUnavailable, CubeInvalid, ChunkUnreadable: a catalog, a cube or a chunk is at fault.
    """
    site = with_datasets(
        locate(catalog(source), source.access, lon, lat), source, parameters.further_datasets
    )
    answer = solve_sites([site], source.access, parameters, observations)[0]
    if isinstance(answer, OgiveError):
        raise answer
    return answer


def solve_sites(
    sites: Sequence[Site],
    access: Access,
    parameters: VelocityParameters,
    observations: bool = False,
    report: Report = lambda done, total: None,
) -> list[PointSeries | OgiveError]:
    """The series of each site; where one fails, its error stands in place of the series.

    Each is the same as if its site had been asked for alone. Sites that share a cube should share a chunk
    (`workers.velocity.sites.groups`), which is then read once. A cube that is no longer the same when all is
    read (`CubeChanged`), or that cannot be asked, is at fault for all of its sites.
    """
    answers: dict[tuple[str, int, int], PointSeries | OgiveError] = {}
    decided: dict[Key, Verdict | None] = {}
    with ThreadPoolExecutor(_READERS) as readers:
        kept: dict[str, KeptChunks] = {}
        pixels = {_pixel(site): site for site in sites}
        in_use = CubesInUse(access, readers)

        def readable(planned: PlannedCube) -> Readable:
            cube = in_use.open(planned)
            if len(pixels) == 1:
                return cube
            return kept.setdefault(planned.label, KeptChunks(cube, readers))

        for done, (pixel, site) in enumerate(pixels.items(), start=1):
            for coming in islice(pixels.values(), done, done + _SITES_AHEAD):
                if (cube := kept.get(coming.cube.reference.id)) is not None:
                    cube.expect(*around(coming.row, coming.column, HALO, parameters))
            try:
                cubes = [readable(planned) for planned in site.cubes]
                if names := parameters.further_datasets:
                    further = data_sets(names, ((each.dataset, readable(each)) for each in site.further))
                    cubes = [MergedCube(cube, further) for cube in cubes]
                when_read = in_use.check if done == len(pixels) else lambda: None
                answers[pixel] = _solve(site, cubes, parameters, observations, decided, when_read)
            except OgiveError as error:
                measures.PIXELS.labels("place", "failed").inc()
                answers[pixel] = error
            report(done, len(pixels))
        faults = in_use.faults()
    for pixel, site in pixels.items():
        for planned in (*site.cubes, *site.further):
            if planned.label in faults:
                answers[pixel] = faults[planned.label]
    return [_at(site, answers[_pixel(site)]) for site in sites]


def _pixel(site: Site) -> tuple[str, int, int]:
    return site.cube.reference.id, site.row, site.column


def _at(site: Site, answer: PointSeries | OgiveError) -> PointSeries | OgiveError:
    """The answer of a pixel for another place in it."""
    if isinstance(answer, OgiveError) or answer.site is site:
        return answer
    return replace(answer, site=site, timings=dict.fromkeys(answer.timings, 0.0))


def _solve(
    site: Site,
    cubes: Sequence[Readable],
    parameters: VelocityParameters,
    observations: bool,
    decided: dict[Key, Verdict | None],
    when_read: Callable[[], None],
) -> PointSeries:
    began = time.perf_counter()
    table = cubes[0].table()
    reading = Reading(seconds=time.perf_counter() - began)
    check_sensors(parameters, [table])
    windows, mosaic = parameters.windows(*table.record), Mosaic(cubes, cubes[0].grid)
    at, known = (mosaic, site.row, site.column, 1, 1), dict(decided)
    with spans.span("solve"), measures.stage("solve"):
        solved = list(solve_window(*at, windows, parameters, reading, decided=known, when_read=when_read))
    if reading.failures:
        raise reading.failures[0]
    # Only now: what a cell decides without pixels that could not be read holds for no other site.
    decided.update(known)
    pixel = solved[0]
    measures.count_place(pixel.series.used, float(pixel.series.vvc))
    return PointSeries(
        site=site,
        parameters=parameters,
        windows=windows,
        series=pixel.series,
        observations=_observations(table, pixel) if observations else None,
        timings={"read": reading.seconds, "solve": time.perf_counter() - began - reading.seconds},
    )


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
        **_origin(table, rows),
        "weight": weight[rows],
    }


def _origin(table: PairTable, rows: np.ndarray) -> dict[str, Any]:
    """Names of the data sets, where several are merged."""
    if table.dataset is None:
        return {}
    return {"dataset": [table.datasets[code] for code in table.dataset[rows]]}
