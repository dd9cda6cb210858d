"""The columns of a document as arrays, which binary formats are written from."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.formats.shape import TIMES

_DAY_MS = 86_400_000


def arrays(member: dict[str, Any]) -> dict[str, np.ndarray]:
    """Columns of a `VelocityTimeSeries` by name: datetime64[ms], float32 with NaN for null, flags uint8."""
    return {name: _array(name, values) for name, values in member["series"].items()}


def days(times: list[str]) -> np.ndarray:
    """Moments as days since 1970."""
    return moments(times).astype(np.int64) / _DAY_MS


def moments(times: list[str]) -> np.ndarray:
    """Times of a document as datetime64[ms]."""
    return np.array([text.removesuffix("Z") for text in times], "datetime64[ms]")


def _array(name: str, values: list[Any]) -> np.ndarray:
    if name in TIMES:
        return moments(values)
    return np.array(values, np.uint8 if name == "flags" else np.float32)
