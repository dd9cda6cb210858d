"""The items of a collection as one GeoParquet file (stac-geoparquet), for search without a server."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["MEDIA_TYPE", "geoparquet"]

MEDIA_TYPE = "application/vnd.apache.parquet"
_FREE_FORM = ("processing:expression", "ogive:inputs", "ogive:input_fingerprint")


def geoparquet(items: list[dict[str, Any]]) -> bytes:
    """Items, at least one, in their order; equal items, equal bytes.

    Properties whose members differ from request to request are JSON text, as a column has one type.
    """
    # Costly to import, and needed here alone.
    from stac_geoparquet.arrow import parse_stac_items_to_arrow, to_parquet

    table = parse_stac_items_to_arrow([_regular(item) for item in items])
    with tempfile.TemporaryDirectory(prefix="ogive-") as folder:  # it writes to nothing but a path
        path = Path(folder) / "items.parquet"
        to_parquet(table, path)
        return path.read_bytes()


def _regular(item: dict[str, Any]) -> dict[str, Any]:
    text = {
        name: json.dumps(value, ensure_ascii=False, sort_keys=True)
        for name, value in item["properties"].items()
        if name in _FREE_FORM
    }
    return item | {"properties": item["properties"] | text}
