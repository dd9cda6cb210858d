"""How series are written: one file a format, and the registry that the routes and the command line share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.formats import covjson, csv, netcdf, parquet, series


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a `VelocityTimeSeries` document or a collection of them."""

    media_type: str
    suffix: str
    """Of a file of this format"""
    write: Callable[[dict[str, Any]], bytes]
    """The same bytes for the same document"""
    text: bool = False
    """Whether times may be told in another way than that of the format"""

    @property
    def is_text(self) -> bool:
        """Whether it can be read on a terminal."""
        return self.text or self.media_type.endswith("json")


FORMATS: dict[str, Format] = {
    "json": Format("application/json", "json", series.dumps, text=True),
    "csv": Format("text/csv", "csv", csv.table, text=True),
    "netcdf": Format("application/netcdf", "nc", netcdf.dataset),
    "parquet": Format("application/vnd.apache.parquet", "parquet", parquet.table),
    "covjson": Format("application/vnd.cov+json", "covjson", covjson.coverage),
}
