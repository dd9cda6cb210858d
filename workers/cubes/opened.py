"""Open cubes and catalogs, kept for a few minutes in each process: not every request reads metadata."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache

from workers.cubes.cube import Cube, open_cube
from workers.cubes.discovery import CubeCatalog, catalog_for
from workers.cubes.grid import Grid
from workers.cubes.merging import DataSet
from workers.cubes.reference import Access, CubeReference
from workers.errors import CubeChanged, InvalidRequest
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


def forget_cubes() -> None:
    """Ask the stores again when a cube is opened next: one was found to have changed."""
    _opened.cache_clear()


@lru_cache(maxsize=16)
def _opened(reference: CubeReference, access: Access, occasion: int | str) -> Cube:
    return open_cube(reference.href, access, reference)


@lru_cache(maxsize=16)
def catalog(source: CubeSource) -> CubeCatalog:
    """The catalog of a source; it keeps its own answers fresh."""
    return catalog_for(source)


def further_sets(source: CubeSource, names: Sequence[str], grid: Grid) -> tuple[DataSet, ...]:
    """The named data sets, each with its cubes, of any CRS, that meet a grid.

    Raises:
        InvalidRequest: the source has no data set of that name; names those it has.
        SourceUnavailable, CubeInvalid: a cube of one is at fault.
    """
    known = {dataset.name: dataset.cubes for dataset in source.datasets}
    found = []
    for name in names:
        if name not in known:
            there = f"those to merge are {', '.join(known)}" if known else "there are none to merge"
            raise InvalidRequest(f"There is no data set {name}; {there}.", "datasets")
        cubes = catalog(CubeSource(cubes=known[name], access=source.access))
        references = cubes.in_bbox(*degrees(grid))
        found.append(DataSet(name, tuple(opened(reference, source.access) for reference in references)))
    return tuple(found)


def cubes_around(grid: Grid, catalog: CubeCatalog, access: Access) -> list[Cube]:
    """The cubes of a grid's CRS that hold at least one of its pixels."""
    xmin, ymin, xmax, ymax = grid.bounds
    found = []
    for reference in catalog.in_bbox(*degrees(grid)):
        west, south, east, north = reference.bounds
        if reference.epsg == grid.epsg and west < xmax and east > xmin and south < ymax and north > ymin:
            found.append(opened(reference, access))
    return found
