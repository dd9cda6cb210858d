"""Which cubes exist and how they are reached, before any is opened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Access:
    """How stores are reached. Credentials are not here: the processes take them from their environment."""

    anonymous: bool = True
    """Read S3 without signing, as the public ITS_LIVE bucket allows."""
    endpoint_url: str | None = None
    """Another S3 endpoint than Amazon's."""


@dataclass(frozen=True, slots=True)
class CubeReference:
    """A cube's place and extent as a catalog states them."""

    id: str
    """The cube's name without suffix: `ITS_LIVE_vel_EPSG3413_G0120_X-150000_Y-2250000`."""
    href: str
    """Path or URL of the store, as it is read."""
    epsg: int
    bounds: tuple[float, float, float, float]
    """Outer edges in metres: xmin, ymin, xmax, ymax."""
    item_href: str | None = None
    """The STAC item that describes the cube, where there is one."""
