"""Where a cube lies: CRS and grid from its metadata, checked against what else the cube says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError

from workers.cubes.grid import Grid
from workers.cubes.source import Source, Variable
from workers.errors import CubeInvalid

GRID_MAPPINGS = ("mapping", "UTM_Projection", "Polar_Stereographic")
"""Names of the grid mapping, newest first, for variables that do not name theirs"""


def georeference(source: Source, velocity: Variable) -> Grid:
    """The grid of a cube's velocities.

    It comes from the GeoTransform and the shape. The tile's outline (`proj_polygon`) confirms it without a
    request; where there is none or it differs, as in a part cut from a cube, x and y are read and must
    agree. Without a GeoTransform they give the grid.

    Raises:
        CubeInvalid: there is no CRS in metres or no north-up grid of square cells, or the parts contradict
            each other.
    """
    mapping = _grid_mapping(source, velocity)
    epsg = _epsg(source, mapping)
    height, width = velocity.shape[1:]
    if "GeoTransform" not in mapping:
        return _grid_of_coordinates(source, epsg, height, width)
    grid = _grid_of_transform(source, str(mapping["GeoTransform"]), epsg, height, width)
    if not _outlined(source, grid):
        _check_coordinates(source, grid)
    return grid


def _grid_mapping(source: Source, velocity: Variable) -> Mapping[str, Any]:
    named = velocity.attributes.get("grid_mapping")
    for name in [str(named)] if named else GRID_MAPPINGS:
        attributes = source.attributes(name)
        if attributes is not None:
            return attributes
    raise CubeInvalid(
        f"Cube {source.name} has no grid mapping: {named or ', '.join(GRID_MAPPINGS)} is absent, so its "
        "coordinate reference system is unknown."
    )


def _epsg(source: Source, mapping: Mapping[str, Any]) -> int:
    """The EPSG code that the grid mapping states, or that its WKT or the cube's `projection` imply."""
    projection = (source.attributes() or {}).get("projection")
    try:
        if "spatial_epsg" in mapping:
            crs = CRS.from_epsg(int(mapping["spatial_epsg"]))
        elif wkt := mapping.get("crs_wkt") or mapping.get("spatial_ref"):
            crs = CRS.from_wkt(str(wkt))
        elif projection is not None:
            crs = CRS.from_epsg(int(projection))
        else:
            raise CubeInvalid(f"Cube {source.name} states neither spatial_epsg nor crs_wkt for its grid.")
    except (CRSError, ValueError) as error:
        raise CubeInvalid(
            f"The coordinate reference system of cube {source.name} is not understood: {error}."
        ) from error
    epsg = crs.to_epsg()
    if epsg is None:
        raise CubeInvalid(f"The coordinate reference system of cube {source.name} has no EPSG code: {crs}.")
    if not crs.is_projected or any(axis.unit_name != "metre" for axis in crs.axis_info):
        raise CubeInvalid(
            f"The coordinate reference system EPSG:{epsg} of cube {source.name} is not in metres."
        )
    if projection is not None and str(projection) != str(epsg):
        raise CubeInvalid(
            f"Cube {source.name} contradicts itself: its grid mapping says EPSG:{epsg}, its attribute "
            f"projection says {projection}."
        )
    return epsg


def _grid_of_transform(source: Source, text: str, epsg: int, height: int, width: int) -> Grid:
    """GDAL's order: left, cell width, row rotation, top, column rotation, negative cell height."""
    try:
        left, across, row_turn, top, column_turn, down = (float(part) for part in text.split())
    except ValueError:
        raise CubeInvalid(
            f"The GeoTransform {text!r} of cube {source.name} does not consist of six numbers."
        ) from None
    if row_turn != 0 or column_turn != 0 or across <= 0 or across != -down:
        raise CubeInvalid(
            f"The GeoTransform {text!r} of cube {source.name} is not that of a north-up grid of square cells."
        )
    return Grid(epsg, left, top, across, height, width)


def _outlined(source: Source, grid: Grid) -> bool:
    """Whether the tile's outline lies within a cell of the grid's edges: tiles are snapped to cells."""
    outline = (source.attributes() or {}).get("proj_polygon")
    try:
        x, y = np.array(json.loads(outline), float).reshape(-1, 2).T
    except (TypeError, ValueError):
        return False
    stated = np.array([x.min(), y.min(), x.max(), y.max()])
    return bool(np.all(np.abs(stated - grid.bounds) <= grid.spacing))


def _coordinates(source: Source) -> tuple[np.ndarray, np.ndarray] | None:
    """Cell centres x and y, in metres, if the cube has them."""
    if source.variable("x") is None or source.variable("y") is None:
        return None
    read = dict(zip("xy", source.read([("x", (slice(None),)), ("y", (slice(None),))]), strict=True))
    return read["x"].astype(np.float64), read["y"].astype(np.float64)


def _check_coordinates(source: Source, grid: Grid) -> None:
    found = _coordinates(source)
    if found is None:
        return
    x, y = found
    expected_x = grid.left + (np.arange(grid.width) + 0.5) * grid.spacing
    expected_y = grid.top - (np.arange(grid.height) + 0.5) * grid.spacing
    near = 0.01 * grid.spacing
    for name, stored, expected in (("x", x, expected_x), ("y", y, expected_y)):
        if stored.shape != expected.shape or not np.allclose(stored, expected, rtol=0, atol=near):
            raise CubeInvalid(
                f"Cube {source.name} contradicts itself: {name} runs from {stored[0]:g} to {stored[-1]:g} "
                f"({stored.size} cells), its GeoTransform and shape say {expected[0]:g} to {expected[-1]:g} "
                f"({expected.size} cells). A part cut from a cube needs its own GeoTransform."
            )


def _grid_of_coordinates(source: Source, epsg: int, height: int, width: int) -> Grid:
    found = _coordinates(source)
    if found is None or found[0].size != width or found[1].size != height:
        raise CubeInvalid(
            f"Cube {source.name} has no GeoTransform, and no x and y of the size of its velocities; "
            "its place is unknown."
        )
    x, y = found
    steps = np.concatenate([np.diff(x), -np.diff(y)])
    if steps.size == 0 or not steps[0] > 0 or not np.allclose(steps, steps[0], rtol=0, atol=1e-3 * steps[0]):
        raise CubeInvalid(
            f"Cube {source.name} has no GeoTransform, and its x and y are not those of a north-up grid of "
            "square cells."
        )
    spacing = float(steps[0])
    return Grid(epsg, float(x[0] - spacing / 2), float(y[0] + spacing / 2), spacing, height, width)
