"""Every way in which a request can go wrong, as one small tree.

    OgiveError
    ├── InvalidRequest        the request itself is wrong; says where and what would work
    │   └── SeveralGrids      the region lies on more than one grid; carries a split that works
    ├── TooLarge              the request is over a limit; carries a split that fits
    ├── NoCube                no cube holds the place; names the nearest
    ├── SourceError           the input is at fault, not the request
    │   ├── SourceUnavailable     a catalog or a store did not answer
    │   ├── CubeInvalid           a cube lacks what an inversion needs
    │   ├── CubeChanged           a cube is no longer the one a job was planned with
    │   ├── ChunkUnreadable       a chunk is missing bytes or cannot be decoded
    │   └── PairsUnsolvable       the pairs of a pixel give a system that rounding leaves without an answer
    ├── StoreNotWritable      products cannot be written where the settings say
    ├── StoreUnavailable      products cannot be read there
    └── Dismissed             the job was given up while a task of it ran

HTTP status codes are not here: `service.problems` maps these classes to problem documents.
Messages are whole sentences for users. Every class keeps its arguments in `args`, so that instances
survive pickling between processes.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ChunkUnreadable",
    "CubeChanged",
    "CubeInvalid",
    "Dismissed",
    "InvalidRequest",
    "NoCube",
    "OgiveError",
    "PairsUnsolvable",
    "SeveralGrids",
    "SourceError",
    "SourceUnavailable",
    "StoreNotWritable",
    "StoreUnavailable",
    "TooLarge",
]

Bbox = tuple[float, float, float, float]
"""West, south, east, north in degrees."""


class OgiveError(Exception):
    """Base of all errors that are told to a user.

    The message is `str(error)`.
    """

    @property
    def message(self) -> str:
        """The sentence for the user."""
        return str(self.args[0])

    def __str__(self) -> str:
        return self.message


class InvalidRequest(OgiveError):
    """A parameter is missing, malformed, out of range or contradicts another one."""

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(message, where)

    @property
    def where(self) -> str:
        """The parameter at fault, as the user wrote it (`lon`, `inputs.bbox`); empty if it is none alone."""
        return self.args[1]


class SeveralGrids(InvalidRequest):
    """A region touches cubes of several coordinate reference systems."""

    def __init__(self, message: str, split: dict[str, list[Bbox]]) -> None:
        super().__init__(message, "bbox")
        self.args = (message, split)

    @property
    def where(self) -> str:
        return "bbox"

    @property
    def split(self) -> dict[str, list[Bbox]]:
        """For each CRS (`EPSG:32607`) the part of the region that its cubes hold."""
        return self.args[1]


class TooLarge(OgiveError):
    """A request is over a limit."""

    def __init__(
        self,
        message: str,
        limits: dict[str, float],
        split: list[Bbox],
        estimate: dict[str, Any] | None = None,
        limit: str | None = None,
    ) -> None:
        super().__init__(message, limits, split, estimate, limit)

    @property
    def limits(self) -> dict[str, float]:
        """The limits that hold, by name."""
        return self.args[1]

    @property
    def split(self) -> list[Bbox]:
        """Regions that together cover the request and each fit."""
        return self.args[2]

    @property
    def estimate(self) -> dict[str, Any] | None:
        """What the request would cost, where that is known."""
        return self.args[3]

    @property
    def limit(self) -> str | None:
        """Name of the limit that the request is over; that of the only one needs not be given."""
        only = next(iter(self.limits)) if len(self.limits) == 1 else None
        return self.args[4] or only


class NoCube(OgiveError):
    """No cube holds the place that was asked for."""

    def __init__(
        self, message: str, nearest_cube: str | None = None, distance_m: float | None = None
    ) -> None:
        super().__init__(message, nearest_cube, distance_m)

    @property
    def nearest_cube(self) -> str | None:
        """The id of the nearest cube, if there is any."""
        return self.args[1]

    @property
    def distance_m(self) -> float | None:
        """Its distance in metres."""
        return self.args[2]


class SourceError(OgiveError):
    """The input is at fault, not the request."""


class SourceUnavailable(SourceError):
    """A catalog or a store of cubes did not answer. `upstream` is `stac` or `source-zarr`."""

    def __init__(self, message: str, upstream: str) -> None:
        super().__init__(message, upstream)

    @property
    def upstream(self) -> str:
        """Which part failed: `stac` (the catalog) or `source-zarr` (the store)."""
        return self.args[1]


class CubeInvalid(SourceError):
    """A cube lacks a variable, a date or an attribute that an inversion needs."""


class CubeChanged(SourceError):
    """A cube is no longer the one that a job was planned with."""


class ChunkUnreadable(SourceError):
    """A chunk of a cube is truncated or cannot be decoded."""

    def __init__(self, message: str, chunk: str) -> None:
        super().__init__(message, chunk)

    @property
    def chunk(self) -> str:
        """The chunk's key, cube included."""
        return self.args[1]


class PairsUnsolvable(SourceError):
    """The pairs of a pixel give a system that rounding leaves without an answer."""


class StoreNotWritable(OgiveError):
    """Products cannot be written where the settings say."""


class StoreUnavailable(OgiveError):
    """The store of products did not answer, or lost a part of one."""


class Dismissed(OgiveError):
    """The job was given up while a task of it ran."""
