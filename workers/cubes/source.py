"""What every format of cube offers alike: variables with their stored layout, and reads of stored values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Selection = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable as it is stored."""

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    """Smallest unit of decoding, the inner chunk of a shard; may exceed the shape"""
    dtype: np.dtype
    attributes: Mapping[str, Any]
    missing: tuple[float, ...]
    """Stored values that stand for no data"""


class Source(Protocol):
    """One open store of a cube."""

    name: str
    """The cube's id, for messages"""
    media_type: str
    """Of the store, as links name it: `application/vnd.zarr; version=2`"""

    def attributes(self, name: str = "") -> Mapping[str, Any] | None:
        """The attributes of a variable, or of the whole cube; None if there is no such variable."""

    def variable(self, name: str) -> Variable | None:
        """How a variable is stored; None if there is none of that name. Reads no values."""

    def read(self, wanted: Sequence[tuple[str, Selection]]) -> list[np.ndarray]:
        """Stored values of parts of variables, by their names, fetched side by side.

        Raises:
            SourceUnavailable: the store did not answer.
            ChunkUnreadable: a chunk is truncated or cannot be decoded; names it.
        """

    def metadata(self) -> bytes:
        """The bytes that describe the cube: they change when it does."""

    def metadata_now(self) -> bytes:
        """The same, read from the store at this moment.

        Raises:
            SourceUnavailable: the store did not answer, or the cube is gone.
        """


def missing_values(attributes: Mapping[str, Any], stored_fill: float | None) -> tuple[float, ...]:
    """The values that stand for no data: those the attributes name, else the array's own fill value."""
    stated = [attributes[key] for key in ("_FillValue", "missing_value") if key in attributes]
    values: Iterable[float] = (float(value) for each in stated for value in np.atleast_1d(each))
    found = tuple(dict.fromkeys(values))
    return found or (() if stored_fill is None else (float(stored_fill),))
