"""What a client may change about the columns of a series: which there are, how times are told, rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Literal

from service.formats.series import COLLECTION, OBSERVATION_UNITS, UNITS, answered

TIMES = ("time", "start", "end")
VARIABLES = tuple(name for name in UNITS if name not in TIMES)
"""What `variables` may name; the times are always there"""
_PLACE = ("lon", "lat", "distance_m")
TimeFormat = Literal["iso8601", "unixms"]


def shaped(member: dict[str, Any], variables: Collection[str], timeformat: TimeFormat) -> dict[str, Any]:
    """A `VelocityTimeSeries` with these variables only, in the usual order, and times told in one way."""
    kept = [name for name in UNITS if name in TIMES or name in variables]
    units = {name: member["series_units"][name] for name in kept}
    columns = {name: member["series"][name] for name in kept}
    changed = {"series_units": units, "series": columns}
    if "observations" in member:
        changed |= {name: dict(member[name]) for name in ("observations_units", "observations")}
    if timeformat == "unixms":
        _in_milliseconds(units, columns, TIMES)
        if "observations" in member:
            _in_milliseconds(changed["observations_units"], changed["observations"], _OBSERVED_TIMES)
    return member | changed


def rows(whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The windows of a document as a list of objects, one each, as dashboards read them.

    Those of several places tell which one they belong to.
    """
    many = whole["type"] == COLLECTION
    found = []
    for number, member in answered(whole):
        asked = member["requested"]
        place = {"member": number, **{name: asked[name] for name in _PLACE if name in asked}}
        columns = member["series"]
        for values in zip(*columns.values(), strict=True):
            found.append((place if many else {}) | dict(zip(columns, values, strict=True)))
    return found


_OBSERVED_TIMES = tuple(name for name, unit in OBSERVATION_UNITS.items() if unit == "iso8601")


def _in_milliseconds(units: dict[str, str], columns: dict[str, list[Any]], names: Collection[str]) -> None:
    for name in names:
        units[name] = "unixms"
        columns[name] = [round(1000 * dt.datetime.fromisoformat(text).timestamp()) for text in columns[name]]
