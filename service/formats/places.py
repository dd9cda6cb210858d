"""The document of a request for series: of its one place, or of several, with the table of a line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from service.formats.distance_time import DISTANCE, distance_time
from service.formats.series import collection
from service.formats.shape import VARIABLES, TimeFormat, shaped
from workers.geojson import Place


def at_places(
    members: Sequence[dict[str, Any]],
    places: Sequence[Place],
    several: bool,
    variables: Collection[str] = VARIABLES,
    timeformat: TimeFormat = "iso8601",
) -> dict[str, Any]:
    """The whole document without links: the same over HTTP and on the command line.

    Args:
        members: for each place its `VelocityTimeSeries` with all variables, or the problem in its stead.
        places: what was asked for; those along a line carry their distance.
        several: whether the document is a collection.
        variables: columns to tell.
        timeformat: how to tell times.
    """
    made = [
        shaped(_told(member, place), variables, timeformat) if "series" in member else member
        for member, place in zip(members, places, strict=True)
    ]
    whole = collection(made) if several else made[0]
    if any(DISTANCE in place.told for place in places):
        whole["flowline"] = distance_time(members, made, places)
    return whole


def along(lon: Sequence[float], lat: Sequence[float], distance: Sequence[float]) -> list[Place]:
    """Places along a line, each with its distance from the beginning in metres."""
    return [Place(*each, {DISTANCE: far}) for *each, far in zip(lon, lat, distance, strict=True)]


def _told(member: dict[str, Any], place: Place) -> dict[str, Any]:
    """A series with what the request said of its place beside longitude and latitude."""
    return member | {"requested": member["requested"] | place.told} if place.told else member
