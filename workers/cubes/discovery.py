"""Which cubes hold a place: the one question, and who answers it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from workers.cubes.given_catalog import GivenCatalog
from workers.cubes.reference import CubeReference
from workers.errors import SourceUnavailable
from workers.plan import CubeSource

T = TypeVar("T")


class CubeCatalog(Protocol):
    """Cubes by place. Every method raises SourceUnavailable or CubeInvalid where the answer is not known:
    nothing found means that there is nothing."""

    def at_point(self, lon: float, lat: float) -> list[CubeReference]:
        """Cubes that hold a place in their projected coordinates; the farthest edge first, ties by name."""

    def in_bbox(self, west: float, south: float, east: float, north: float) -> list[CubeReference]:
        """Cubes that meet a box in degrees, by name."""

    def nearest(self, lon: float, lat: float) -> tuple[CubeReference, float] | None:
        """The cube nearest to a place and its distance in metres, if there is one within reach."""


def catalog_for(source: CubeSource) -> CubeCatalog:
    """The catalog of a source: its given cubes if there are any, else the public catalogs. Asks nothing yet.

    Raises:
        InvalidRequest: two given cubes have one name.
    """
    if source.cubes:
        return GivenCatalog(source.cubes, source.access)
    # What asks over HTTP is costly to import, and a worker that makes shards of a plan asks nothing.
    from workers.cubes.geojson_catalog import GeojsonCatalog
    from workers.cubes.stac_catalog import StacCatalog

    return PublicCatalog(
        StacCatalog(source.stac_url, source.access), GeojsonCatalog(source.catalog_url, source.access)
    )


class PublicCatalog:
    """ITS_LIVE's STAC API, and its GeoJSON file while the API is out."""

    REST_S = 60.0
    """How long the API is left alone after it failed"""

    def __init__(self, api: CubeCatalog, file: CubeCatalog) -> None:
        self._api = api
        self._file = file
        self._failed: tuple[float, SourceUnavailable] | None = None

    def at_point(self, lon: float, lat: float) -> list[CubeReference]:
        return self._ask(lambda catalog: catalog.at_point(lon, lat))

    def in_bbox(self, west: float, south: float, east: float, north: float) -> list[CubeReference]:
        return self._ask(lambda catalog: catalog.in_bbox(west, south, east, north))

    def nearest(self, lon: float, lat: float) -> tuple[CubeReference, float] | None:
        return self._ask(lambda catalog: catalog.nearest(lon, lat))

    def _ask(self, question: Callable[[CubeCatalog], T]) -> T:
        """Ask the API, then the file.

        Raises:
            SourceUnavailable: both are out; says what happened to each.
        """
        failed = self._failed
        if failed is None or time.monotonic() - failed[0] > self.REST_S:
            try:
                answer = question(self._api)
            except SourceUnavailable as error:
                failed = self._failed = (time.monotonic(), error)
            else:
                self._failed = None
                return answer
        try:
            return question(self._file)
        except SourceUnavailable as error:
            raise SourceUnavailable(
                f"No catalog of cubes can be reached. {failed[1].message} {error.message}", "stac"
            ) from error
