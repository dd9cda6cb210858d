"""How a series is written: one file a format, and the registry that the routes and the command line share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.formats import csv, series


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a `VelocityTimeSeries` document."""

    media_type: str
    write: Callable[[dict[str, Any]], str]


FORMATS: dict[str, Format] = {
    "json": Format("application/json", series.dumps),
    "csv": Format("text/csv", csv.table),
}
