"""The catalog of cubes that the operator names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from workers.cubes.cube import open_cube
from workers.cubes.kept_tiles import KeptTiles
from workers.cubes.reference import Access, CubeReference
from workers.cubes.stores import store_name
from workers.cubes.tiles import Tiles
from workers.errors import InvalidRequest

LIFETIME_S = 300
_AT_ONCE = 8


class GivenCatalog(KeptTiles):
    """Given cubes; they may overlap. Their metadata is read at the first question and every five minutes."""

    def __init__(self, hrefs: Sequence[str], access: Access) -> None:
        """Name the cubes.

        Raises:
            InvalidRequest: two cubes have the same name, so that an answer could not tell them apart.
        """
        again = [name for name, count in Counter(map(store_name, hrefs)).items() if count > 1]
        if again:
            both = ", ".join(href for href in hrefs if store_name(href) == again[0])
            raise InvalidRequest(
                f"The cubes {both} are both called {again[0]}; give each store a name of its own.", "cubes"
            )
        self._hrefs = tuple(hrefs)
        self._access = access
        super().__init__(self._open, LIFETIME_S)

    def _open(self) -> Tiles:
        def reference(href: str) -> CubeReference:
            return open_cube(href, self._access).reference

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return Tiles(pool.map(reference, self._hrefs))
