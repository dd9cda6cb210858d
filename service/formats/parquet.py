"""Series as one Parquet table: a row is a window of a member; what describes the members is metadata."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.formats.frame import arrays
from service.formats.series import COLLECTION, answered, dumps
from service.formats.shape import TIMES

METADATA = b"ogive"
"""Key of the schema's metadata under which the document stands, its columns left out"""


def table(whole: dict[str, Any]) -> bytes:
    """A Parquet file with the columns of the document, times in UTC, null where there is no value.

    Those of several places have `member`, `lon` and `lat` in front.
    """
    import pyarrow as pa
    from pyarrow import parquet

    members = answered(whole)
    parts = [{**_place(number, member, whole), **arrays(member)} for number, member in members]
    columns = {
        name: pa.array(np.concatenate([part[name] for part in parts]), _type(name), from_pandas=True)
        for name in (parts[0] if parts else ())
    }
    about = dumps(_without_columns(whole)).encode()
    made = pa.table(columns).replace_schema_metadata({METADATA: about})
    sink = pa.BufferOutputStream()
    parquet.write_table(made, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _place(number: int, member: dict[str, Any], whole: dict[str, Any]) -> dict[str, np.ndarray]:
    if whole["type"] != COLLECTION:
        return {}
    size, asked = len(member["series"]["time"]), member["requested"]
    return {
        "member": np.full(size, number, np.int32),
        "lon": np.full(size, asked["lon"]),
        "lat": np.full(size, asked["lat"]),
    }


def _type(name: str) -> Any:
    import pyarrow as pa

    return pa.timestamp("ms", tz="UTC") if name in TIMES else None


def _without_columns(whole: dict[str, Any]) -> dict[str, Any]:
    if whole["type"] == COLLECTION:
        return whole | {"members": [_without_columns(member) for member in whole["members"]]}
    return {name: value for name, value in whole.items() if name != "series"}
