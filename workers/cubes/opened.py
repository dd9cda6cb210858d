"""Open cubes and catalogs, kept for a few minutes in each process: not every request reads metadata."""

from __future__ import annotations

import time
from functools import lru_cache

from workers.cubes.cube import Cube, open_cube
from workers.cubes.discovery import CubeCatalog, catalog_for
from workers.cubes.grid import Grid
from workers.cubes.reference import Access, CubeReference
from workers.errors import CubeChanged
from workers.plan import CubeSource
from workers.regions import degrees

LIFETIME_S = 300
"""How long a cube's metadata may be answered from memory before its store is asked again."""


def opened(reference: CubeReference, access: Access, fingerprint: str | None = None) -> Cube:
    """The open cube of a reference; with a fingerprint, only the cube that has it.

    Raises:
        SourceUnavailable, CubeInvalid: as `open_cube` does; a failure is not kept.
        CubeChanged: the cube has another fingerprint by now.
    """
    cube = _opened(reference, access, int(time.monotonic() // LIFETIME_S))
    if fingerprint in (None, cube.fingerprint):
        return cube
    # What is kept here may be the older one: whoever asks has seen another.
    cube = _opened(reference, access, fingerprint)
    if cube.fingerprint != fingerprint:
        raise CubeChanged(f"Cube {reference.id} has just changed; send the request again.")
    return cube


@lru_cache(maxsize=16)
def _opened(reference: CubeReference, access: Access, occasion: int | str) -> Cube:
    return open_cube(reference.href, access, reference)


@lru_cache(maxsize=4)
def catalog(source: CubeSource) -> CubeCatalog:
    """The catalog of a source; it keeps its own answers fresh."""
    return catalog_for(source)


def cubes_around(grid: Grid, catalog: CubeCatalog, access: Access) -> list[Cube]:
    """The cubes of a grid's CRS that hold at least one of its pixels."""
    xmin, ymin, xmax, ymax = grid.bounds
    found = []
    for reference in catalog.in_bbox(*degrees(grid)):
        west, south, east, north = reference.bounds
        if reference.epsg == grid.epsg and west < xmax and east > xmin and south < ymax and north > ymin:
            found.append(opened(reference, access))
    return found
