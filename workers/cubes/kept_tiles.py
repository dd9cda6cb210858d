"""A catalog whose cubes are all known at once: listed whole, kept for a while, asked by place."""

from __future__ import annotations

from collections.abc import Callable

from workers.cubes.kept import Kept
from workers.cubes.reference import CubeReference
from workers.cubes.tiles import Tiles


class KeptTiles:
    """Answers from its list of cubes, made anew when it is older than its lifetime."""

    def __init__(self, listed: Callable[[], Tiles], lifetime_s: float) -> None:
        self._tiles = Kept(listed, lifetime_s)

    def at_point(self, lon: float, lat: float) -> list[CubeReference]:
        """Cubes that hold a place, the one whose edge is farthest first."""
        return self._tiles().at_point(lon, lat)

    def in_bbox(self, west: float, south: float, east: float, north: float) -> list[CubeReference]:
        """Cubes that meet a box in degrees."""
        return self._tiles().in_bbox(west, south, east, north)

    def nearest(self, lon: float, lat: float) -> tuple[CubeReference, float] | None:
        """The nearest cube and its distance in metres; None where there is none."""
        return self._tiles().nearest(lon, lat)
