"""ITS_LIVE's catalog of cubes in one GeoJSON file of 2 MB."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import numpy as np
from tenacity import Retrying

from workers.cubes.kept_tiles import KeptTiles
from workers.cubes.reference import Access, CubeReference
from workers.cubes.stores import RETRYING, local_path, readable_href, store_name
from workers.cubes.tiles import Tiles, named_tile, snapped
from workers.errors import SourceUnavailable

LIFETIME_S = 3600
TIMEOUT_S = 10.0
_EPSG = ("epsg", "data_epsg")
_SQUARE = ("geometry_epsg", "geometry_e")
_EXISTS = ("datacube_exist", "datacube_e")
"""Names that the same property has in the versions of the file"""


class GeojsonCatalog(KeptTiles):
    """The cubes of the file, a URL or a path; it is fetched at the first question and once an hour."""

    def __init__(self, url: str, access: Access) -> None:
        self._url = url
        self._access = access
        super().__init__(self._fetch, LIFETIME_S)

    def _fetch(self) -> Tiles:
        path = local_path(self._url)
        try:
            content = path.read_bytes() if path is not None else Retrying(**RETRYING)(self._get)
            features = json.loads(content)["features"]
            references = list(self._references(features))
        except (OSError, httpx.HTTPError) as error:
            raise SourceUnavailable(
                f"The catalog {self._url} cannot be read ({type(error).__name__}: {error}).", "stac"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceUnavailable(
                f"The catalog {self._url} is not a GeoJSON catalog of cubes "
                f"({type(error).__name__}: {error}).",
                "stac",
            ) from error
        if not references:
            raise SourceUnavailable(f"The catalog {self._url} lists no cubes.", "stac")
        return Tiles(references)

    def _get(self) -> bytes:
        response = httpx.get(self._url, timeout=TIMEOUT_S, follow_redirects=True)
        return response.raise_for_status().content

    def _references(self, features: list[Mapping[str, Any]]) -> Iterator[CubeReference]:
        for feature in features:
            properties = feature["properties"]
            if _first(properties, _EXISTS) == 0:
                continue
            href = properties["zarr_url"]
            epsg, bounds = _place(store_name(href), properties)
            yield CubeReference(store_name(href), readable_href(href, self._access), epsg, bounds)


def _first(properties: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((properties[name] for name in names if properties.get(name) is not None), None)


def _place(name: str, properties: Mapping[str, Any]) -> tuple[int, tuple[float, float, float, float]]:
    """EPSG code and edges of a cube: as its properties state them, else as its name does.

    Raises:
        ValueError: neither does.
    """
    epsg, square = _first(properties, _EPSG), _first(properties, _SQUARE)
    tile = named_tile(name)
    if epsg is None or square is None:
        if tile is None:
            raise ValueError(f"{name} has no EPSG code and no square")
        return tile
    polygon = json.loads(square) if isinstance(square, str) else square
    x, y = np.array(polygon["coordinates"][0], float)[:, :2].T
    bounds = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    return int(re.sub(r"^EPSG:", "", str(epsg))), bounds if tile is None else snapped(bounds)
