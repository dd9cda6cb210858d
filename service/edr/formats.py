"""How a coverage is written: the registry that the routes and the collection document share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from service.edr import covjson, netcdf, tables
from service.edr.coverage import Coverage

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a coverage, given the address of the product's item."""

    media_type: str
    write: Callable[[Coverage, str], bytes]
    suffix: str | None = None
    """Of the file that a browser should save; None for what it can show"""


FORMATS = {
    "covjson": Format("application/vnd.cov+json", covjson.dumps),
    "csv": Format("text/csv", tables.csv, ".csv"),
    "netcdf": Format("application/netcdf", netcdf.dumps, ".nc"),
    "json": Format("application/json", tables.json),
}
