"""ITS_LIVE's STAC API, asked for the cubes around a place."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import pystac
from pystac_client import Client
from pystac_client.errors import ClientTypeError
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from requests.exceptions import RequestException
from urllib3.util import Retry

from workers.cubes.cube import open_cube
from workers.cubes.reference import Access, CubeReference
from workers.cubes.stores import TRIES, readable_href, store_name
from workers.cubes.tiles import Tiles, named_tile
from workers.errors import Bbox, SourceUnavailable
from workers.telemetry import measures

COLLECTION = "itslive-cubes"
TIMEOUT_S = 10
PAGE = 250
MARGIN_DEGREES = 0.25
"""How far around a place cubes are asked for. Catalogs join the corners of a tile by straight lines in
degrees, which leaves out up to 0.05 degrees of what the tile holds."""
NEAREST_DEGREES = (1.0, 4.0, 16.0)
"""Ever wider searches for the nearest cube"""

NO_ANSWER = (
    APIError,
    RequestException,
    ClientTypeError,
    pystac.STACError,
    pystac.STACTypeError,
    NotImplementedError,
)
"""What pystac-client raises when an API is out or is no STAC API"""


class CheckedIO(StacApiIO):
    """Refuses what is neither catalog nor items: pystac-client takes such a page for an empty one."""

    def read_json(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        document = super().read_json(*args, **kwargs)
        kind = document.get("type")
        if kind not in ("Catalog", "FeatureCollection") or (kind != "Catalog" and "features" not in document):
            raise ValueError(f"a document of type {kind}")
        return document


class StacCatalog:
    """The API finds candidates; which of them hold a place is decided in their projected coordinates."""

    def __init__(self, url: str, access: Access) -> None:
        self._url = url
        self._access = access

    @cached_property
    def _client(self) -> Client:
        retries = Retry(
            total=TRIES - 1,
            read=0,
            backoff_factor=0.2,
            backoff_jitter=0.3,
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods=None,
            respect_retry_after_header=False,
        )
        # Client.open sets the time limit anew, to none if it is not told.
        return Client.open(self._url, stac_io=CheckedIO(max_retries=retries), timeout=TIMEOUT_S)

    def at_point(self, lon: float, lat: float) -> list[CubeReference]:
        return self._around((lon, lat, lon, lat), MARGIN_DEGREES).at_point(lon, lat)

    def in_bbox(self, west: float, south: float, east: float, north: float) -> list[CubeReference]:
        box = (west, south, east, north)
        return self._around(box, MARGIN_DEGREES).in_bbox(*box)

    def nearest(self, lon: float, lat: float) -> tuple[CubeReference, float] | None:
        """As `Tiles.nearest`, within 16 degrees of latitude."""
        for margin in NEAREST_DEGREES:
            found = self._around((lon, lat, lon, lat), margin).nearest(lon, lat)
            if found is not None:
                return found
        return None

    def _around(self, box: Bbox, margin: float) -> Tiles:
        """The cubes whose outline meets a box, widened by a margin.

        Of several versions of one tile the last by address is taken, the newest: v02 < v2 < v2-updated.

        Raises:
            SourceUnavailable: the API did not answer, or not with cubes.
        """
        try:
            with measures.timed(measures.CATALOG_SECONDS):
                references = [
                    self._reference(item)
                    for each in _widened(box, margin)
                    for item in self._client.search(
                        collections=[COLLECTION], bbox=each, limit=PAGE
                    ).items_as_dicts()
                ]
        except NO_ANSWER as error:
            told = f"did not answer ({type(error).__name__}: {error})"
            raise SourceUnavailable(f"The STAC API {self._url} {told}.", "stac") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            told = f"did not answer with STAC items of cubes ({type(error).__name__}: {error})"
            raise SourceUnavailable(f"The STAC API {self._url} {told}.", "stac") from error
        newest = {each.id: each for each in sorted(references, key=lambda each: each.href.split("/"))}
        return Tiles(newest.values())

    def _reference(self, item: Mapping[str, Any]) -> CubeReference:
        """The cube of an item: the asset with role `data` that is a Zarr store.

        Its place is what `proj:code` and `proj:bbox` state, else what the cube's name says, else the cube
        itself is asked.
        """
        assets = item["assets"].values()
        hrefs = [each["href"].rstrip("/") for each in assets if "data" in each.get("roles", ())]
        stores = [href for href in hrefs if href.endswith(".zarr")]
        if not stores:
            raise ValueError(f"item {item['id']} has no asset with role data whose address ends in .zarr")
        name, href = store_name(stores[0]), readable_href(stores[0], self._access)
        code, bounds = (item["properties"].get(key) for key in ("proj:code", "proj:bbox"))
        if code and bounds and len(bounds) == 4:
            place = int(str(code).removeprefix("EPSG:")), tuple(map(float, bounds))
        else:
            place = named_tile(name)
        if place is None:
            asked = open_cube(href, self._access).reference
            place = asked.epsg, asked.bounds
        itself = next((link["href"] for link in item["links"] if link["rel"] == "self"), None)
        return CubeReference(name, href, *place, itself)


def _widened(box: Bbox, margin: float) -> Iterator[Bbox]:
    """The box with a margin around it, in two where that crosses 180 degrees."""
    south, north = max(box[1] - margin, -90.0), min(box[3] + margin, 90.0)
    poleward = max(abs(south), abs(north))
    sideways = margin / max(math.cos(math.radians(poleward)), 1e-6)
    west, east = box[0] - sideways, box[2] + sideways
    if box[2] < box[0]:
        east += 360
    if east - west >= 360:
        yield -180.0, south, 180.0, north
    elif west < -180:
        yield west + 360, south, 180.0, north
        yield -180.0, south, east, north
    elif east > 180:
        yield west, south, 180.0, north
        yield -180.0, south, east - 360, north
    else:
        yield west, south, east, north
