"""A series at one place: find the cube, read its pixels, filter, invert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workers.calendar import Windows
from workers.velocity.parameters import VelocityParameters
from workers.velocity.series import PixelSeries

OVERLAP_RULE = "where cubes overlap, the one whose edge is farthest from the place; ties by name"


@dataclass(frozen=True, slots=True, eq=False)
class PointSeries:
    """A series and what is needed to judge and cite it."""

    lon: float
    lat: float
    """The place as it was asked for, degrees"""
    cell_lon: float
    cell_lat: float
    cell_x: float
    cell_y: float
    """Centre of the pixel that answers, degrees and metres in `crs`"""
    crs: str
    """`EPSG:3413`"""
    offset_m: float
    """Distance from the place to that centre, metres"""
    cube: str
    """Id of the cube that answers"""
    cube_href: str
    item_href: str | None
    fingerprint: str
    """`sha256:...` of the cube's metadata"""
    last_modified: str | None
    """RFC 3339, as the cube states it"""
    layers: int
    other_cubes: tuple[str, ...]
    """Ids of further cubes that hold the place"""
    request_sha256: str
    """Hash of place, parameters, method version and fingerprint, in hex"""
    parameters: VelocityParameters
    windows: Windows
    series: PixelSeries
    observations: dict[str, Any] | None
    """Columns of the raw pairs, on request: mid, start, end (days, float), v, vx, vy, error (m/yr), sensor
    (names), weight (0..1, 0 for rejected pairs)"""
    timings: dict[str, float]
    """Seconds by stage: `catalog`, `read`, `solve`; not part of the document"""
