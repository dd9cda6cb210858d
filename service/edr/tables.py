"""Coverages as rows: one for each cell and window, cell after cell."""

from __future__ import annotations

import io

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.csv

from service.edr.coverage import Coverage
from service.edr.cuts import Rectangle
from service.edr.parameters import unit_of
from service.edr.places import crs_uri
from workers.calendar import timestamps

__all__ = ["columns", "csv", "json", "units"]

_WITHOUT_HEADER = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")


def columns(coverage: Coverage) -> dict[str, np.ndarray]:
    """Time (RFC 3339), x, y and every variable by name, all of one length; NaN where there is no value."""
    steps, cut = coverage.middle.size, coverage.cut
    x, y, keep = coverage.x, coverage.y, np.s_[:]
    if isinstance(cut, Rectangle):
        x, y = (places.ravel() for places in np.meshgrid(x, y))
        keep = np.s_[:] if cut.inside is None else cut.inside.ravel()
        x, y = x[keep], y[keep]
    times = np.array(timestamps(coverage.middle))
    found = {"time": np.tile(times, x.size), "x": np.repeat(x, steps), "y": np.repeat(y, steps)}
    for name, values in coverage.values.items():
        if coverage.timed(name):
            found[name] = values.reshape(steps, -1)[:, keep].T.ravel()
        else:
            found[name] = np.repeat(values.ravel()[keep], steps)
    return found


def units(coverage: Coverage) -> dict[str, str]:
    """The unit of each column."""
    place = "m" if coverage.epsg is not None else "degrees"
    named = {name: unit_of(coverage.product.variables[name].attributes) for name in coverage.values}
    return {"time": "iso8601", "x": place, "y": place, **named}


def csv(coverage: Coverage, item: str) -> bytes:
    """Comment lines that tell source and units, one header line, rows; an empty field where no value is."""
    text = io.BytesIO()
    told = {"item": item, "crs": crs_uri(coverage.epsg), **units(coverage)}
    text.write("".join(f"# {name}: {what}\n" for name, what in told.items()).encode())
    rows = columns(coverage)
    text.write(f"{','.join(rows)}\n".encode())
    write_rows(rows, text)
    return text.getvalue()


def write_rows(rows: dict[str, np.ndarray], sink: io.BytesIO) -> None:
    """Rows as CSV without a header."""
    table = pa.table({name: pa.array(values, from_pandas=True) for name, values in rows.items()})
    pyarrow.csv.write_csv(table, sink, _WITHOUT_HEADER)


def json(coverage: Coverage, item: str) -> bytes:
    """The same columns as one JSON document; null where no value is."""
    rows = columns(coverage)
    told = {"type": "VelocityTable", "item": item, "crs": crs_uri(coverage.epsg), "units": units(coverage)}
    rows["time"] = rows["time"].tolist()
    return orjson.dumps({**told, "columns": rows}, option=orjson.OPT_SERIALIZE_NUMPY)
