"""Names of tiles and places in them, for the tests of catalogs."""

from __future__ import annotations

from workers.cubes.reference import CubeReference
from workers.regions import to_grid


def name_of(epsg: int, x: int, y: int) -> str:
    """ITS_LIVE's name of the tile around a centre."""
    return f"ITS_LIVE_vel_EPSG{epsg}_G0120_X{x}_Y{y}"


def place(epsg: int, x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a projected place."""
    return to_grid(epsg).transform(x, y, direction="INVERSE")


def names(references: list[CubeReference]) -> list[str]:
    """The names of cubes, in their order."""
    return [each.id for each in references]
