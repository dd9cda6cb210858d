"""Attributes of a product's group and arrays: CF-1.11, ACDD-1.3, the Zarr conventions proj and spatial."""

from __future__ import annotations

from typing import Any

from pyproj import CRS

from workers.calendar import timestamp
from workers.products.footprint import footprint
from workers.products.spec import ProductSpec, Variable

GRID_MAPPING = "spatial_ref"
_PROJ = {
    "uuid": "f17cb550-5864-4468-aeb7-f3180cfb622f",
    "name": "proj",
    "schema_url": "https://raw.githubusercontent.com/zarr-conventions/proj/refs/tags/v0.1/schema.json",
    "spec_url": "https://github.com/zarr-conventions/proj/blob/v0.1/README.md",
    "description": "Coordinate reference system information for geospatial data",
}
_SPATIAL = {
    "uuid": "689b58e2-cf7b-45e0-9fff-9cfc0883d6b4",
    "name": "spatial",
    "schema_url": "https://raw.githubusercontent.com/zarr-conventions/spatial/refs/tags/v0.1/schema.json",
    "spec_url": "https://github.com/zarr-conventions/spatial/blob/v0.1/README.md",
    "description": "Spatial coordinate information",
}
_TIME = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
TIME_AXIS = {
    "standard_name": "time",
    "long_name": "middle of the window",
    **_TIME,
    "axis": "T",
    "bounds": "time_bnds",
}
TIME_BOUNDS = {"long_name": "first day of the window, and the day after its last", **_TIME}


def group_attributes(spec: ProductSpec) -> dict[str, Any]:
    """What describes the product as a whole; attributes of the specification's own come last and win."""
    grid, windows = spec.grid, spec.windows
    west, south, east, north = footprint(grid).bbox
    return {
        "zarr_conventions": [_PROJ, _SPATIAL],
        "proj:code": f"EPSG:{grid.epsg}",
        "spatial:dimensions": ["y", "x"],
        "spatial:shape": [grid.height, grid.width],
        "spatial:transform": list(grid.transform),
        "spatial:bbox": list(grid.bounds),
        "spatial:registration": "pixel",
        "Conventions": "CF-1.11, ACDD-1.3",
        "standard_name_vocabulary": "CF Standard Name Table v94",
        "title": spec.title,
        "summary": spec.summary,
        "id": spec.id,
        "product_version": spec.version,
        "geospatial_lon_min": west,
        "geospatial_lat_min": south,
        "geospatial_lon_max": east,
        "geospatial_lat_max": north,
        "time_coverage_start": timestamp(windows.start[0]),
        "time_coverage_end": timestamp(windows.end[-1]),
        "time_coverage_resolution": windows.spacing.text,
        "request_sha256": spec.request_sha256,
        **spec.attributes,
    }


def variable_attributes(variable: Variable) -> dict[str, Any]:
    """What describes one variable; attributes of its own come last and win."""
    named = {"standard_name": variable.standard_name} if variable.standard_name else {}
    return {
        **named,
        "long_name": variable.description,
        "units": variable.cf_units,
        "grid_mapping": GRID_MAPPING,
        "coordinates": GRID_MAPPING,
        **variable.attributes,
    }


def coordinate_attributes(spec: ProductSpec) -> dict[str, dict[str, Any]]:
    """Attributes of time, time_bnds, y, x and the grid mapping, by name."""
    grid = spec.grid
    x, y = (
        {
            "standard_name": f"projection_{axis}_coordinate",
            "long_name": f"{axis} of the cell's centre",
            "units": "m",
            "axis": axis.upper(),
        }
        for axis in "xy"
    )
    crs = CRS.from_epsg(grid.epsg)
    spacing, _, left, _, _, top = grid.transform
    transform = " ".join(repr(number) for number in (left, spacing, 0.0, top, 0.0, -spacing))
    return {
        "time": TIME_AXIS,
        "time_bnds": TIME_BOUNDS,
        "y": y,
        "x": x,
        GRID_MAPPING: {**crs.to_cf(), "GeoTransform": transform},
    }
