"""Floats as JSON writes them."""

from __future__ import annotations

import math

import numpy as np
import orjson


def numbers(values: np.ndarray) -> list[float | None]:
    """Floats for JSON: the shortest decimals that read back as the same values of the array's own type."""
    return orjson.loads(orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY))


def number(value: float) -> float | None:
    """One float for JSON; a numpy scalar keeps to the digits of its own type."""
    return float(str(value)) if math.isfinite(value) else None
