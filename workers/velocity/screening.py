"""Which pairs of a cube a request refuses whatever the pixel: by date, baseline, sensor and stated error."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from workers.cubes.pairs import PairTable
from workers.errors import InvalidRequest
from workers.velocity.parameters import VelocityParameters

REASONS = ("saturation", "dates", "baseline", "sensors", "error", "speed")
"""Filters of single pairs, in order; a pair is counted by the first that refuses it"""
SATURATION, SPEED = REASONS.index("saturation"), REASONS.index("speed")
PASSED = len(REASONS)


@dataclass(frozen=True, slots=True, eq=False)
class Screening:
    """What is known of the pairs of a table before any velocity."""

    reason: np.ndarray
    """(n,) uint8, place in `REASONS` of the first filter that refuses the pair, or `PASSED`"""
    min_speed: float
    max_speed: float
    """m/yr; 0 and infinity for no limit"""
    reported: frozenset[str]
    """Names in `REASONS` whose counts are told: those that always hold, and those that the user asked for"""


@lru_cache(maxsize=16)
def screening(table: PairTable, parameters: VelocityParameters) -> Screening:
    """The verdict on all pairs of a table; made once for all pixels that share it.

    `dates`: both days lie in `pairs_datetime`. `baseline`: two different days, within the limits. `sensors`:
    the name of the pair's sensor is among those wanted. `error`: both components have a stated error, and
    neither is above the limit.
    """
    interval = parameters.pair_interval
    apart = table.day2.astype(np.int64) - table.day1
    least, most = parameters.min_baseline or 1, parameters.max_baseline or math.inf
    refused = {"baseline": (apart < least) | (apart > most), "dates": np.zeros(len(table), bool)}
    if interval is not None:
        start = -math.inf if interval.start is None else interval.start
        end = math.inf if interval.end is None else interval.end
        refused["dates"] = (table.day1 < start) | (table.day2 >= end)
    if parameters.wanted_sensors is not None:
        refused["sensors"] = ~np.isin(table.sensors, parameters.wanted_sensors)[table.sensor]
    if parameters.max_error is not None:
        limit = parameters.max_error
        refused["error"] = ~((table.error_x <= limit) & (table.error_y <= limit))
    reason = np.full(len(table), PASSED, np.uint8)
    for name in reversed([name for name in REASONS if name in refused]):
        reason[refused[name]] = REASONS.index(name)
    speeds = (parameters.min_speed, parameters.max_speed)
    by_speed = {"speed"} if speeds != (None, None) else set()
    return Screening(
        reason,
        min_speed=parameters.min_speed or 0.0,
        max_speed=math.inf if parameters.max_speed is None else parameters.max_speed,
        reported=frozenset({"saturation", *refused, *by_speed}),
    )


def check_sensors(parameters: VelocityParameters, tables: Iterable[PairTable]) -> None:
    """Refuse a request for a sensor that no pair is of.

    Raises:
        InvalidRequest: names the sensors that there are.
    """
    if parameters.wanted_sensors is None:
        return
    known = sorted({name for table in tables for name in table.sensors})
    unknown = [name for name in parameters.wanted_sensors if name not in known]
    if unknown:
        raise InvalidRequest(
            f"No image pair is of sensor {unknown[0]}; those of the cube are {', '.join(known)}.", "sensors"
        )
