"""Series as one Parquet table: a row is a window of a member; what describes the members is metadata."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.formats.distance_time import beside
from service.formats.frame import arrays
from service.formats.series import COLLECTION, answered, dumps
from service.formats.shape import TIMES

METADATA = b"ogive"
"""Key of the schema's metadata under which the document stands, its columns left out"""


def table(whole: dict[str, Any]) -> bytes:
    """A Parquet file with the columns of the document, times in UTC, null where there is no value.

    Those of several places have `member`, `lon` and `lat` in front; those along a line also their distance,
    and at the end their anomalies.
    """
    import pyarrow as pa
    from pyarrow import parquet

    members = answered(whole)
    parts = [_columns(number, member, whole) for number, member in members]
    columns = {
        name: pa.array(np.concatenate([part[name] for part in parts]), _type(name), from_pandas=True)
        for name in (parts[0] if parts else ())
    }
    about = dumps(_without_columns(whole))
    made = pa.table(columns).replace_schema_metadata({METADATA: about})
    sink = pa.BufferOutputStream()
    parquet.write_table(made, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _columns(number: int, member: dict[str, Any], whole: dict[str, Any]) -> dict[str, np.ndarray]:
    if whole["type"] != COLLECTION:
        return arrays(member)
    place, more = beside(whole, number)
    size = len(member["series"]["time"])
    front = {
        name: np.full(size, value, np.int32 if name == "member" else float) for name, value in place.items()
    }
    return {**front, **arrays(member), **{name: np.array(v, np.float32) for name, v in more.items()}}


def _type(name: str) -> Any:
    import pyarrow as pa

    return pa.timestamp("ms", tz="UTC") if name in TIMES else None


def _without_columns(whole: dict[str, Any]) -> dict[str, Any]:
    if whole["type"] == COLLECTION:
        return whole | {"members": [_without_columns(member) for member in whole["members"]]}
    return {name: value for name, value in whole.items() if name != "series"}
