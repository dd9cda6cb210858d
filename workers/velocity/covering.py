"""The cubes of one projection that make a region, and the grid of whole chunks that covers it."""

from __future__ import annotations

import numpy as np

from workers.cubes.cube import Cube
from workers.cubes.discovery import CubeCatalog
from workers.cubes.grid import Grid
from workers.cubes.opened import catalog, opened
from workers.cubes.reference import CubeReference
from workers.errors import Bbox, InvalidRequest, NoCube, SeveralGrids
from workers.plan import CubeSource
from workers.regions import lattice, outline
from workers.velocity.region_inputs import VelocityCubeInputs


def region_of(request: VelocityCubeInputs, source: CubeSource) -> tuple[list[Cube], Grid]:
    """The cubes that a region meets, and the grid of its product.

    Raises:
        NoCube: no cube meets the box, or it holds no pixel of one.
        SeveralGrids: its cubes lie on several coordinate reference systems and none of these covers it.
        InvalidRequest: none is of the grid asked for.
        SourceUnavailable, CubeInvalid: a catalog or a cube is at fault.
    """
    cubes = [opened(reference, source.access) for reference in _choose(request, catalog(source))]
    grid = snapped(request.bbox, cubes)
    if grid is None:
        raise NoCube("The box touches the edge of a cube but holds no pixel of it; ask for a larger box.")
    return cubes, grid


def _choose(request: VelocityCubeInputs, catalog: CubeCatalog) -> list[CubeReference]:
    """The cubes of one CRS that make the region."""
    found = catalog.in_bbox(*request.bbox)
    if not found:
        west, south, east, north = request.bbox
        raise no_cube("No cube meets the box", (west + east) / 2, (south + north) / 2, catalog)
    by_epsg: dict[int, list[CubeReference]] = {}
    for reference in found:
        by_epsg.setdefault(reference.epsg, []).append(reference)
    if request.grid is not None:
        epsg = int(request.grid.removeprefix("EPSG:"))
        if epsg not in by_epsg:
            others = ", ".join(f"EPSG:{code}" for code in sorted(by_epsg))
            raise InvalidRequest(
                f"No cube of {request.grid} meets the box; those that do are {others}.", "grid"
            )
        return by_epsg[epsg]
    if len(by_epsg) == 1:
        return next(iter(by_epsg.values()))
    for epsg in sorted(by_epsg):
        x, y = lattice(request.bbox, epsg)
        if _inside(x, y, by_epsg[epsg]).all():
            return by_epsg[epsg]
    split = {f"EPSG:{epsg}": [_part(request.bbox, epsg, by_epsg[epsg])] for epsg in sorted(by_epsg)}
    raise SeveralGrids(
        f"The box meets cubes of {', '.join(split)} and none of these covers it; ask once for each, naming "
        'it as "grid", with the box given in split.',
        split,
    )


def _inside(x: np.ndarray, y: np.ndarray, references: list[CubeReference]) -> np.ndarray:
    held = np.zeros(x.shape, bool)
    for reference in references:
        xmin, ymin, xmax, ymax = reference.bounds
        held |= (x >= xmin) & (x <= xmax) & (y >= ymin) & (y <= ymax)
    return held


def _part(bbox: Bbox, epsg: int, references: list[CubeReference]) -> Bbox:
    """The part of a box that cubes of one CRS hold, as a box; the whole where they only graze it."""
    west, south, east, north = bbox
    side = int(np.sqrt(lattice(bbox, epsg)[0].size))
    lon, lat = np.meshgrid(np.linspace(west, east, side), np.linspace(south, north, side))
    held = _inside(*lattice(bbox, epsg), references).reshape(side, side)
    if np.unique(lon[held]).size < 2 or np.unique(lat[held]).size < 2:
        return bbox
    return (
        float(lon[held].min()),
        float(lat[held].min()),
        float(lon[held].max()),
        float(lat[held].max()),
    )


def no_cube(sentence: str, lon: float, lat: float, catalog: CubeCatalog) -> NoCube:
    """The error for a place without a cube, naming the nearest."""
    nearest = catalog.nearest(lon, lat)
    if nearest is None:
        return NoCube(f"{sentence}; the source holds no cube at all.")
    reference, distance = nearest
    away = f"{distance / 1000:.1f} km" if distance >= 1000 else f"{distance:.0f} m"
    return NoCube(f"{sentence}; the nearest is {reference.id}, {away} away.", reference.id, distance)


def snapped(bbox: Bbox, cubes: list[Cube]) -> Grid | None:
    """The smallest grid of whole source chunks that covers the part of the box which cubes hold, if any."""
    base = min(cubes, key=lambda cube: cube.reference.id).grid
    x, y = outline(bbox, base.epsg)
    edges = []
    for cube in cubes:
        grid, (deep, across) = cube.grid, cube.chunk
        top, left = grid.cell(x.min(), y.max())
        bottom, right = (
            -int(-v // 1) for v in ((grid.top - y.min()) / grid.spacing, (x.max() - grid.left) / grid.spacing)
        )
        top, bottom = max(0, top // deep * deep), min(grid.height, -(-bottom // deep) * deep)
        left, right = max(0, left // across * across), min(grid.width, -(-right // across) * across)
        if top < bottom and left < right:
            row, column = grid.offset(base) or (0, 0)
            edges.append((row + top, column + left, row + bottom, column + right))
    if not edges:
        return None
    top, left = min(e[0] for e in edges), min(e[1] for e in edges)
    return base.window(top, left, max(e[2] for e in edges) - top, max(e[3] for e in edges) - left)
