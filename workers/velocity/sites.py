"""Which pixel answers for a place: found from catalog and metadata alone, before any velocity is read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, ConfigDict

from workers.cubes.cube import Cube
from workers.cubes.discovery import CubeCatalog
from workers.cubes.mosaic import Mosaic
from workers.cubes.opened import catalog, cubes_around, further_sets, opened
from workers.cubes.reference import Access, CubeReference
from workers.errors import InvalidRequest, NoCube, OgiveError
from workers.plan import CubeSource, PlannedCube
from workers.regions import to_grid
from workers.velocity.cells import FARTHEST
from workers.velocity.covering import no_cube
from workers.velocity.planning import planned
from workers.velocity.region import HALO

MAX_DISTANCE_M = 170.0
"""The diagonal of a pixel of 120 m: a place just outside a cube still has its edge pixel"""


class Site(BaseModel):
    """A place and the pixel that answers for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lon: float
    lat: float
    """The place as it was asked for, degrees"""
    cubes: tuple[PlannedCube, ...]
    """The cube that answers, then those that the pixel's neighbours lie on, by name"""
    further: tuple[PlannedCube, ...] = ()
    """Cubes of further data sets that hold the pixel, a neighbour or one that judges for it (`cells`)"""
    other_cubes: tuple[str, ...]
    """Ids of further cubes that hold the place"""
    row: int
    column: int
    """Of the pixel in the cube that answers"""
    chunk: tuple[int, int]
    """Row and column of the stored chunk that holds the pixel"""
    x: float
    y: float
    cell_lon: float
    cell_lat: float
    """The pixel's centre, metres and degrees"""
    offset_m: float
    """Distance from the place to that centre, metres"""

    @property
    def cube(self) -> PlannedCube:
        """The cube that answers."""
        return self.cubes[0]

    def of_dataset(self, name: str) -> tuple[PlannedCube, ...]:
        """The cubes of a further data set."""
        return tuple(cube for cube in self.further if cube.dataset == name)

    @property
    def crs(self) -> str:
        """`EPSG:3413`, which x and y are in."""
        return f"EPSG:{self.cube.reference.epsg}"

    @property
    def fingerprints(self) -> dict[str, str]:
        """Of all cubes that the answer depends on, by name."""
        return {cube.label: cube.fingerprint for cube in (*self.cubes, *self.further)}


def check_place(lon: float, lat: float) -> None:
    """Refuse a place that is not on the globe.

    Raises:
        InvalidRequest: naming lon or lat.
    """
    for name, value, limit in (("lon", lon, 180), ("lat", lat, 90)):
        if not (math.isfinite(value) and -limit <= value <= limit):
            raise InvalidRequest(
                f"{name} is {value:g}; it must lie between -{limit} and {limit} degrees.", name
            )


def locate(
    cubes: CubeCatalog, access: Access, lon: float, lat: float, max_distance: float = MAX_DISTANCE_M
) -> Site:
    """The pixel that holds a place, or the nearest one of a cube at whose edge the place lies.

    Args:
        cubes: the cubes by place.
        access: how they are reached.
        lon, lat: the place, degrees.
        max_distance: how far the pixel's centre may be from the place, metres.

    Raises:
        InvalidRequest: the place is not on the globe.
        NoCube: no pixel of a cube is that near; names the nearest cube.
        SourceUnavailable, CubeInvalid: a catalog or a cube is at fault.
    """
    check_place(lon, lat)
    holding = cubes.at_point(lon, lat) or _nearby(cubes, lon, lat, max_distance)
    cube, row, column = owner(holding, access, lon, lat)
    (x, y), to = cube.grid.centre(row, column), to_grid(cube.grid.epsg)
    offset = math.dist(to.transform(lon, lat), (x, y))
    if offset > max_distance:
        raise NoCube(
            f"The pixel nearest to lon={lon:g}, lat={lat:g} is {offset:.0f} m away, in {cube.id}; "
            f"max_distance allows {max_distance:g} m.",
            cube.id,
            offset,
        )
    cell_lon, cell_lat = to.transform(x, y, direction="INVERSE")
    beside = around(cube, row, column, holding, cubes, access)
    return Site(
        lon=lon,
        lat=lat,
        cubes=tuple(planned(each) for each in beside),
        other_cubes=tuple(other.id for other in holding if other.id != cube.id),
        row=row,
        column=column,
        chunk=(row // cube.chunk[0], column // cube.chunk[1]),
        x=x,
        y=y,
        cell_lon=round(cell_lon, 7),
        cell_lat=round(cell_lat, 7),
        offset_m=round(offset, 1),
    )


def locate_all(
    cubes: CubeCatalog,
    access: Access,
    places: Iterable[tuple[float, float]],
    max_distance: float = MAX_DISTANCE_M,
) -> list[Site | OgiveError]:
    """`locate` for each place (lon, lat); where it fails, its error stands in place of the site."""

    def one(lon: float, lat: float) -> Site | OgiveError:
        try:
            return locate(cubes, access, lon, lat, max_distance)
        except OgiveError as error:
            return error

    return [one(*place) for place in places]


def groups(sites: Sequence[Site], largest: int) -> list[list[int]]:
    """Sites that share a stored chunk, by their index: what one task solves together, reading the chunk once.

    In the order of their first member; no group has more members than `largest`.
    """
    by_chunk: dict[tuple, list[int]] = {}
    for index, site in enumerate(sites):
        by_chunk.setdefault((site.cube.reference.id, site.chunk), []).append(index)
    return [
        members[start : start + largest]
        for members in by_chunk.values()
        for start in range(0, len(members), largest)
    ]


def sites_at(
    source: CubeSource, places: Sequence[tuple[float, float]], max_distance: float, datasets: Sequence[str]
) -> list[Site | OgiveError]:
    """`locate` for each place, with the cubes of further data sets; an error where no pixel answers.

    Raises:
        InvalidRequest, SourceUnavailable, CubeInvalid: as `with_datasets` does.
    """
    found = locate_all(catalog(source), source.access, places, max_distance)
    return [with_datasets(site, source, datasets) if isinstance(site, Site) else site for site in found]


def with_datasets(site: Site, source: CubeSource, names: Sequence[str]) -> Site:
    """A site with the cubes of further data sets that hold its pixel, a neighbour or one that judges for it.

    Raises:
        InvalidRequest: the source has no data set of that name.
        SourceUnavailable, CubeInvalid: a cube of one is at fault.
    """
    if not names:
        return site
    cube = opened(site.cube.reference, source.access, site.cube.fingerprint)
    size = 1 + 2 * FARTHEST
    around = cube.grid.window(site.row - FARTHEST, site.column - FARTHEST, size, size)
    sets = further_sets(source, names, around)
    further = tuple(planned(each, other.name) for other in sets for each in other.cubes)
    return site.model_copy(update={"further": further})


def _nearby(cubes: CubeCatalog, lon: float, lat: float, max_distance: float) -> list[CubeReference]:
    """The nearest cube, where it is near enough.

    Raises:
        NoCube: it is not, or there is none.
    """
    nearest = cubes.nearest(lon, lat)
    if nearest is None or nearest[1] > max_distance:
        raise no_cube(f"No cube holds lon={lon:g}, lat={lat:g}", lon, lat, cubes)
    return [nearest[0]]


def owner(holding: list[CubeReference], access: Access, lon: float, lat: float) -> tuple[Cube, int, int]:
    """The cube that owns the pixel which holds a place, as `Mosaic` decides, and the pixel in it."""
    cube = opened(holding[0], access)
    row, column = cube.grid.cell(*to_grid(cube.grid.epsg).transform(lon, lat))
    row, column = min(max(row, 0), cube.grid.height - 1), min(max(column, 0), cube.grid.width - 1)
    rivals = [opened(other, access) for other in holding[1:] if other.epsg == cube.grid.epsg]
    if rivals:
        mosaic = Mosaic([cube, *rivals], cube.grid)
        owner = mosaic.cubes[mosaic.owners(row, column, 1, 1)[0, 0]]
        top, left = owner.grid.offset(cube.grid)
        return owner, row - top, column - left
    return cube, row, column


def around(
    cube: Cube, row: int, column: int, holding: list[CubeReference], cubes: CubeCatalog, access: Access
) -> list[Cube]:
    """The cubes that the pixel and its halo lie on; the catalog is asked only at the edge of a cube."""
    alone = len(holding) == 1
    inside = HALO <= row < cube.grid.height - HALO and HALO <= column < cube.grid.width - HALO
    if alone and inside:
        return [cube]
    size = 1 + 2 * HALO
    beside = cubes_around(cube.grid.window(row - HALO, column - HALO, size, size), cubes, access)
    return list({each.id: each for each in [cube, *beside]}.values())
