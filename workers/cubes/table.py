"""From the stored 1-D variables of a cube to its `PairTable`: dates, errors, sensors, canonical order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

import numpy as np

from workers.calendar import date_of, day_of
from workers.cubes.layout import DATES, ERRORS, SATELLITE
from workers.cubes.pairs import PairTable
from workers.cubes.source import Variable
from workers.errors import CubeInvalid

EARLIEST = day_of(dt.date(1972, 7, 23))
"""Launch of the first Landsat: an image dated before it is an error of the cube"""
LATEST = day_of(dt.date(2100, 1, 1))
UNKNOWN = "?"
NO_DAY = np.iinfo(np.int64).min
_SINCE = re.compile(r"(day|hour|minute|second|millisecond|microsecond|nanosecond)s?\s+since\s+(.+)")
_PER_DAY = {
    "day": 1,
    "hour": 24,
    "minute": 1440,
    "second": 86_400,
    "millisecond": 86_400_000,
    "microsecond": 86_400_000_000,
    "nanosecond": 86_400_000_000_000,
}
_CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_SATELLITES = {"L": r"[1-9]", "S": r"[12][A-D]?", "N": r"[A-Z]"}
_MISSION = {**dict.fromkeys("45789", "L"), **{unit + letter: "S" for unit in "12" for letter in "ABCD"}}
"""Satellites that name their mission by themselves"""


def pair_table(cube: str, variables: Mapping[str, Variable], stored: Mapping[str, np.ndarray]) -> PairTable:
    """The pairs of a cube in canonical order.

    Order: day1, day2, errors in x and y (NaN last), sensor, and at last the layer. Pairs with swapped dates
    are turned round; their velocity stays, since it is displacement over signed time. Pairs of which a date
    is missing, or lies before the first Landsat or after 2099, are left out: the cube's layers less the
    table's length counts them.

    Args:
        cube: its id, for messages.
        variables, stored: by name, the variables of `Layout.pairs` and their values, (layers,) each.

    Raises:
        CubeInvalid: dates are not understood, or no pair has two of them.
    """
    days = [_days(cube, variables[name], stored[name]) for name in DATES]
    dated = np.flatnonzero((days[0] != NO_DAY) & (days[1] != NO_DAY))
    if dated.size == 0:
        raise CubeInvalid(
            f"No image pair of cube {cube} has two acquisition dates between {date_of(EARLIEST)} and "
            f"{date_of(LATEST)}."
        )
    day1, day2 = np.minimum(*days)[dated], np.maximum(*days)[dated]
    error_x, error_y = (_error(variables[name], stored[name])[dated] for name in ERRORS)
    sensor, sensors = sensor_codes(*(stored.get(name) for name in SATELLITE), layers=days[0].size)
    sensor = sensor[dated]
    order = np.lexsort((dated, sensor, error_y, error_x, day2, day1))
    return PairTable(
        day1=day1[order].astype(np.int32),
        day2=day2[order].astype(np.int32),
        error_x=error_x[order],
        error_y=error_y[order],
        sensor=sensor[order],
        sensors=sensors,
        order=dated[order].astype(np.int64),
    )


def _days(cube: str, variable: Variable, stored: np.ndarray) -> np.ndarray:
    """(layers,) int64: whole days since 1970-01-01, floored; NO_DAY where there is no sound date."""
    if stored.dtype.kind == "M":
        exact = stored.astype("datetime64[ns]").astype(np.int64) / _PER_DAY["nanosecond"]
        exact[np.isnat(stored)] = np.nan
    else:
        unit, epoch = _time_unit(cube, variable)
        exact = stored.astype(np.float64) / _PER_DAY[unit] + epoch
        exact[np.isin(stored, variable.missing)] = np.nan
    sound = (exact >= EARLIEST) & (exact < LATEST)
    return np.where(sound, np.floor(np.where(sound, exact, 0)).astype(np.int64), NO_DAY)


def _time_unit(cube: str, variable: Variable) -> tuple[str, float]:
    """The unit of CF time, and its epoch in days since 1970-01-01."""
    units, calendar = str(variable.attributes.get("units")), variable.attributes.get("calendar", "standard")
    match = _SINCE.fullmatch(units.strip())
    try:
        epoch = None if match is None else dt.datetime.fromisoformat(match[2].strip())
    except ValueError:
        epoch = None
    if match is None or epoch is None or calendar not in _CALENDARS:
        raise CubeInvalid(
            f"Variable {variable.name} of cube {cube} has units {units!r} and calendar {calendar!r}; CF time "
            "is needed, such as 'days since 1970-01-01' in the standard calendar."
        )
    if epoch.tzinfo is None:
        epoch = epoch.replace(tzinfo=dt.UTC)
    return match[1], (epoch - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(days=1)


def _error(variable: Variable, stored: np.ndarray) -> np.ndarray:
    """(layers,) float32, NaN where the cube states none."""
    error = stored.astype(np.float32)
    error[np.isin(stored, variable.missing)] = np.nan
    return error


def sensor_codes(
    missions: np.ndarray | None, satellites: np.ndarray | None, layers: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes (layers,) uint8 and the clean names they index, sorted."""
    if satellites is None:
        return np.zeros(layers, np.uint8), (UNKNOWN,)
    numbers = _texts(satellites)
    names = np.zeros(layers, "U1") if missions is None else _texts(missions)
    distinct, place = np.unique(np.strings.add(np.strings.add(names, "/"), numbers), return_inverse=True)
    clean = [sensor_name(*label.split("/", 1)) for label in distinct.tolist()]
    sensors = tuple(sorted(set(clean)))
    return np.array([sensors.index(name) for name in clean], np.uint8)[place], sensors


def _texts(stored: np.ndarray) -> np.ndarray:
    if stored.dtype.kind == "S":
        return np.char.decode(stored, "utf-8", "replace")
    return (stored.astype(object) if stored.dtype.kind == "T" else stored).astype(str)


def sensor_name(mission: str, satellite: str) -> str:
    """Mission and satellite as one clean name: `L8`, `S1A`; `S2` where the letter was lost, `?` if unknown.

    Cubes hold Landsat numbers as `8`, `8.` and `8.0`, and some lost the letters of the Sentinels.
    """
    number = re.sub(r"\.0*$", "", satellite.strip()).upper()
    mission = mission.strip().upper() or _MISSION.get(number, "")
    known = re.fullmatch(_SATELLITES.get(mission, r"(?!)"), number)
    return mission + number if known else UNKNOWN
