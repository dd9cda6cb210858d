"""The satellites that take the images: when they fly, how often they pass, how ITS_LIVE names them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Satellite:
    """One satellite. Pairs are made only within a `group`, whose satellites share an orbit."""

    mission: str
    satellite: str
    sensor: str
    """`mission_img*`, `satellite_img*` and `sensor_img*` of the cube"""
    group: str
    revisit: int
    """Days between passes of the group"""
    first: dt.date
    last: dt.date
    hour: float
    """Time of day of a pass, hours UTC"""
    whole_seconds: bool
    """Whether acquisition times carry no fraction of a second"""
    optical: bool
    chip: int
    """Width and height of the search template, metres"""


_OPEN = dt.date(9999, 1, 1)


def _landsat(number: str, first: dt.date) -> Satellite:
    return Satellite("L", number, "C", "L8_L9", 8, first, _OPEN, 20.43, False, True, 240)


def _sentinel_1(unit: str, first: dt.date, last: dt.date) -> Satellite:
    return Satellite("S", unit, "C", "S1A_S1B", 6, first, last, 15.73, False, False, 480)


def _sentinel_2(unit: str, first: dt.date) -> Satellite:
    return Satellite("S", unit, "MSI", "S2A_S2B", 5, first, _OPEN, 20.71, True, True, 240)


SATELLITES: dict[str, Satellite] = {
    "L8": _landsat("8", dt.date(2013, 4, 11)),
    "L9": _landsat("9", dt.date(2021, 11, 1)),
    "S1A": _sentinel_1("1A", dt.date(2014, 10, 3), _OPEN),
    "S1B": _sentinel_1("1B", dt.date(2016, 9, 26), dt.date(2021, 12, 23)),
    "S2A": _sentinel_2("2A", dt.date(2015, 7, 1)),
    "S2B": _sentinel_2("2B", dt.date(2017, 7, 1)),
}
"""By the name that results use"""

FIRST_LAUNCH = min(satellite.first for satellite in SATELLITES.values())
