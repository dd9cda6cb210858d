"""A whole product as one file, made band by band: memory stays at one row of shards, whatever the product."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from service.edr import netcdf
from service.edr.coverage import Coverage, read
from service.edr.cuts import Rectangle
from service.edr.places import Place, crs_uri
from service.edr.tables import columns, csv, units, write_rows
from workers.products.reading import Product
from workers.products.zarr_layout import SHARD

__all__ = ["FILES", "File"]

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class File:
    """One way to write a whole product."""

    media_type: str
    suffix: str
    pieces: Callable[[Product, list[str], str], Iterator[bytes]]
    """Of the product, the variables and the address of the item"""


def _bands(product: Product, names: list[str]) -> Iterator[Coverage]:
    """The product cut along its rows of shards."""
    grid, every = product.grid, slice(0, len(product))
    nowhere = Place(None, grid.epsg)
    for row in range(0, grid.height, SHARD):
        cut = Rectangle(slice(row, min(row + SHARD, grid.height)), slice(0, grid.width))
        yield read(product, names, every, cut, nowhere)


def _csv(product: Product, names: list[str], item: str) -> Iterator[bytes]:
    for band in _bands(product, names):
        if band.cut.rows.start == 0:
            yield csv(band, item)
            continue
        text = io.BytesIO()
        write_rows(columns(band), text)
        yield text.getvalue()


def _parquet(product: Product, names: list[str], item: str) -> Iterator[bytes]:
    """One row group a band; the schema's metadata tells item, CRS and units."""
    drain, writer = _Drain(), None
    for band in _bands(product, names):
        table = pa.table(columns(band))
        if writer is None:
            told = {"item": item, "crs": crs_uri(band.epsg), "units": json.dumps(units(band))}
            schema = table.schema.with_metadata(told)
            writer = pyarrow.parquet.ParquetWriter(drain, schema, compression="zstd")
        writer.write_table(table.cast(schema))
        yield drain.taken()
    writer.close()
    yield drain.taken()


def _netcdf(product: Product, names: list[str], item: str) -> Iterator[bytes]:
    """NetCDF is written out of order, so it is made in a file of its own, and sent from there."""
    with tempfile.TemporaryDirectory(prefix="ogive-") as folder:
        path = Path(folder) / "product.nc"
        netcdf.write_bands(path, product, _bands(product, names), item)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


class _Drain(io.RawIOBase):
    """A file that is only ever written at its end, and emptied in between."""

    def __init__(self) -> None:
        self._held, self._sent = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return memoryview(data).nbytes

    def tell(self) -> int:
        return self._sent + len(self._held)

    def taken(self) -> bytes:
        """What was written since the last time."""
        piece = bytes(self._held)
        self._sent += len(piece)
        self._held.clear()
        return piece


FILES = {
    "netcdf": File("application/netcdf", ".nc", _netcdf),
    "csv": File("text/csv", ".csv", _csv),
    "parquet": File("application/vnd.apache.parquet", ".parquet", _parquet),
}
