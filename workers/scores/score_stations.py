"""The series at stations on the ice, scored by what was measured there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workers.axes import ground_axes
from workers.calendar import date_of
from workers.cubes.opened import catalog
from workers.errors import InvalidRequest, OgiveError
from workers.plan import CubeSource
from workers.scores.reference import Compared, ReferenceScore, compare, pooled
from workers.scores.stations import Lengths, Station
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import PointSeries, solve_sites
from workers.velocity.sites import Site, locate_all


@dataclass(frozen=True, slots=True)
class StationScore:
    """How well a station's pixel does, or why it has no score."""

    station: str
    lon: float
    lat: float
    """Degrees"""
    cube: str | None
    """Id of the cube that answers"""
    offset_m: float | None
    """From the station to the centre of the pixel"""
    scale: float | None
    """Length on the cube's map over length on the ground"""
    score: ReferenceScore | None
    problem: str | None


def score_stations(
    source: CubeSource,
    stations: Sequence[Station],
    parameters: VelocityParameters,
    lengths: Lengths = "ground",
) -> tuple[list[StationScore], ReferenceScore]:
    """Score the series at each station, and all stations as one.

    Args:
        source: where cubes come from.
        stations: what was measured.
        parameters: the user's choices.
        lengths: of the stations' vx and vy, as `Station.references` takes it.

    Raises:
        InvalidRequest: no window of any series shares enough time with its references.
        OgiveError: no station has a series; the first one's reason.
    """
    places = [(station.lon, station.lat) for station in stations]
    located = locate_all(catalog(source), source.access, places)
    solved = iter(
        solve_sites([site for site in located if isinstance(site, Site)], source.access, parameters)
    )
    answers = [next(solved) if isinstance(site, Site) else site for site in located]
    if all(isinstance(answer, OgiveError) for answer in answers):
        raise answers[0]
    told, parts = [], []
    for station, answer in zip(stations, answers, strict=True):
        part, score = _scored(station, answer, lengths)
        told.append(score)
        parts += [] if part is None else [part]
    whole = pooled(parts)
    if not len(whole):
        raise InvalidRequest(f"No window can be compared. {_spans(stations, answers)}", "table")
    return told, ReferenceScore.of(whole)


def _scored(
    station: Station, answer: PointSeries | OgiveError, lengths: Lengths
) -> tuple[Compared | None, StationScore]:
    place = station.name, station.lon, station.lat
    if isinstance(answer, OgiveError):
        return None, StationScore(*place, None, None, None, None, answer.message)
    cube, epsg = answer.site.cube.reference.id, answer.site.cube.reference.epsg
    axes = ground_axes(epsg, station.lon, station.lat)
    part = compare(answer.windows, answer.series, station.references(axes, lengths))
    score = ReferenceScore.of(part)
    return part, StationScore(*place, cube, answer.site.offset_m, axes.scale, score, None)


def _spans(stations: Sequence[Station], answers: Sequence[PointSeries | OgiveError]) -> str:
    """Why nothing meets: from when to when both run."""
    told = [answer.windows for answer in answers if isinstance(answer, PointSeries)]
    table = min(station.start[0] for station in stations), max(station.end.max() for station in stations)
    series = min(windows.start[0] for windows in told), max(windows.end[-1] for windows in told)
    return (
        f"The table runs from {date_of(table[0])} to {date_of(table[1])}, the series from "
        f"{date_of(series[0])} to {date_of(series[1])}; references must cover half of a window, or windows "
        "half of a longer reference."
    )
