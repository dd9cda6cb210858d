"""Coverages as NetCDF-4 files that follow CF-1.11."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
from pyproj import CRS

from service.edr.coverage import Coverage
from service.edr.cuts import Rectangle
from workers.products.reading import Product
from workers.products.zarr_layout import SHARD

__all__ = ["dumps", "write_bands"]

_TIME = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
_KEPT = ("Conventions", "title", "summary", "id", "source", "references", "license", "method")


def dumps(coverage: Coverage, item: str) -> bytes:
    """A grid with its axes, or time series at stations (CF discrete sampling geometry); same, same bytes."""
    import xarray  # costly to import, and needed for this format alone

    grid = isinstance(coverage.cut, Rectangle)
    made = xarray.Dataset(
        {name: _variable(coverage, name) for name in coverage.values},
        coords=_coordinates(coverage, grid),
        attrs=_kept(coverage.product, item) | ({} if grid else {"featureType": "timeSeries"}),
    )
    encoding: dict[str, Any] = {name: {"_FillValue": None} for name in made.coords}
    for name, values in coverage.values.items():
        whole = values.dtype.kind in "iu"
        encoding[name] = {"zlib": True, "complevel": 4, **({"_FillValue": None} if whole else {})}
    made.encoding["unlimited_dims"] = ()
    file = io.BytesIO()
    made.to_netcdf(file, engine="h5netcdf", encoding=encoding)
    return file.getvalue()


def write_bands(path: Path, product: Product, bands: Iterable[Coverage], item: str) -> None:
    """A whole product as a file, of bands of full rows: what `dumps` writes, with memory for one band."""
    with h5netcdf.File(path, "w") as file:
        for band in bands:
            if band.cut.rows.start == 0:
                _lay_out(file, product, band, item)
            for name, values in band.values.items():
                file[name][..., band.cut.rows, :] = values


def _lay_out(file: h5netcdf.File, product: Product, band: Coverage, item: str) -> None:
    """Dimensions, coordinates and empty variables of a product, from its first band."""
    x, y = product.coordinates
    steps, grid = len(product), product.grid
    file.dimensions = {"time": steps, "bnds": 2, "y": grid.height, "x": grid.width}
    file.attrs.update(_kept(product, item))
    whole = replace(band, x=x, y=y)
    for name, (dimensions, values, attributes) in _coordinates(whole, grid=True).items():
        held = np.asarray(values)
        dimensions = (dimensions,) if isinstance(dimensions, str) else dimensions
        file.create_variable(name, dimensions, held.dtype, held).attrs.update(attributes)
    for name in band.values:
        dimensions, values, attributes = _variable(band, name)
        shape = (steps, grid.height, grid.width)[-len(dimensions) :]
        chunks = (*shape[:-2], min(SHARD, grid.height), min(SHARD, grid.width))
        made = file.create_variable(
            name,
            dimensions,
            values.dtype,
            fillvalue=None if values.dtype.kind in "iu" else np.nan,
            chunks=chunks,
            compression="gzip",
            compression_opts=4,
        )
        made.attrs.update(attributes)


def _kept(product: Product, item: str) -> dict[str, str]:
    """Attributes of the product that a file keeps."""
    return {**{name: product.attributes[name] for name in _KEPT if name in product.attributes}, "item": item}


def _variable(coverage: Coverage, name: str) -> tuple[tuple[str, ...], np.ndarray, dict[str, Any]]:
    """Dimensions, values and attributes; outside of an area there is no value, and flags are 0."""
    values, cut = coverage.values[name], coverage.cut
    dimensions = ("y", "x") if isinstance(cut, Rectangle) else ("station",)
    if isinstance(cut, Rectangle) and cut.inside is not None:
        outside = 0 if values.dtype.kind in "iu" else np.nan
        values = np.where(cut.inside, values, values.dtype.type(outside))
    attributes = dict(coverage.product.variables[name].attributes)
    attributes.pop("coordinates", None)
    if "flag_masks" in attributes:
        attributes["flag_masks"] = np.array(attributes["flag_masks"], values.dtype)
    if not isinstance(cut, Rectangle):
        attributes.pop("grid_mapping", None)
    timed = ("time",) if coverage.timed(name) else ()
    return timed + dimensions, values, attributes


def _coordinates(coverage: Coverage, grid: bool) -> dict[str, Any]:
    bounds = np.column_stack([coverage.start, coverage.end]).astype(float)
    found: dict[str, Any] = {
        "time": ("time", coverage.middle, {"standard_name": "time", **_TIME, "bounds": "time_bnds"}),
        "time_bnds": (("time", "bnds"), bounds, _TIME),
    }
    if coverage.epsg is None:
        names = {"lon": ("longitude", "degrees_east"), "lat": ("latitude", "degrees_north")}
    else:
        names = {axis: (f"projection_{axis}_coordinate", "m") for axis in "xy"}
        found["spatial_ref"] = ((), 0, CRS.from_epsg(coverage.epsg).to_cf())
    for (name, (standard, unit)), values in zip(names.items(), (coverage.x, coverage.y), strict=True):
        found[name] = (name if grid else "station", values, {"standard_name": standard, "units": unit})
    return found
