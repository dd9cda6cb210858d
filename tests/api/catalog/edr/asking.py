"""How EDR is asked of the product of these tests, and what its answers hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyproj import Transformer

NUMBER = 7
HERE = "/collections/ogive-velocity"


def place_of(item: dict[str, Any], row: float, column: float) -> tuple[float, float]:
    """Longitude and latitude of a cell's centre."""
    spacing, _, left, _, _, top = item["properties"]["proj:transform"]
    to_globe = Transformer.from_crs(item["properties"]["proj:code"], 4326, always_xy=True)
    return to_globe.transform(left + (column + 0.5) * spacing, top - (row + 0.5) * spacing)


def wkt(kind: str, *places: tuple[float, float]) -> str:
    inner = ",".join(f"{x!r} {y!r}" for x, y in places)
    return f"{kind}(({inner}))" if kind == "POLYGON" else f"{kind}({inner})"


def array(range_: dict[str, Any]) -> np.ndarray:
    """A range of CoverageJSON as the float32 that it is made from."""
    return np.array(range_["values"], np.float32).reshape(range_["shape"])
