"""Coverages as CoverageJSON 1.0."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from service.edr.coverage import Coverage
from service.edr.cuts import Cells, Rectangle
from service.edr.parameters import coverage_parameter
from service.edr.places import crs_uri
from workers.calendar import timestamps

__all__ = ["document", "dumps"]


def dumps(coverage: Coverage, item: str) -> bytes:
    """The document as JSON: numbers are the shortest decimals of the stored float32, null where none is."""
    return orjson.dumps(document(coverage, item), option=orjson.OPT_SERIALIZE_NUMPY)


def document(coverage: Coverage, item: str) -> dict[str, Any]:
    """A Coverage; a CoverageCollection of two where some variables have no time, as a domain has one shape.

    Ranges hold numpy arrays. `item` is the address of the product's STAC item.
    """
    timed = [name for name in coverage.values if coverage.timed(name)]
    still = [name for name in coverage.values if not coverage.timed(name)]
    coverages = [_coverage(coverage, names, item) for names in (timed, still) if names]
    if len(coverages) == 1:
        return coverages[0]
    return {"type": "CoverageCollection", "coverages": coverages}


def _coverage(coverage: Coverage, names: list[str], item: str) -> dict[str, Any]:
    variables = coverage.product.variables
    timed = coverage.timed(names[0])
    return {
        "type": "Coverage",
        "id": item,
        "domain": _domain(coverage, timed),
        "parameters": {name: coverage_parameter(variables[name].attributes) for name in names},
        "ranges": {name: _range(coverage, name) for name in names},
    }


def _domain(coverage: Coverage, timed: bool) -> dict[str, Any]:
    cut = coverage.cut
    times = {"t": _times(coverage)} if timed else {}
    if isinstance(cut, Rectangle):
        kind, axes = "Grid", {"x": _regular(coverage.x), "y": _regular(coverage.y)}
    elif cut.size == 1:
        kind = "PointSeries" if timed else "Point"
        axes = {"x": {"values": coverage.x}, "y": {"values": coverage.y}}
    else:
        kind = "MultiPointSeries" if timed else "MultiPoint"
        places = np.column_stack([coverage.x, coverage.y])
        axes = {"composite": {"dataType": "tuple", "coordinates": ["x", "y"], "values": places}}
    return {
        "type": "Domain",
        "domainType": kind,
        "axes": axes | times,
        "referencing": _referencing(coverage.epsg, timed),
    }


def _times(coverage: Coverage) -> dict[str, Any]:
    bounds = np.column_stack([coverage.start, coverage.end]).ravel()
    return {
        "values": timestamps(coverage.middle),
        "bounds": timestamps(bounds),
    }


def _regular(values: np.ndarray) -> dict[str, Any]:
    if values.size == 1:
        return {"values": values}
    return {"start": float(values[0]), "stop": float(values[-1]), "num": values.size}


def _referencing(epsg: int | None, timed: bool) -> list[dict[str, Any]]:
    kind = "GeographicCRS" if epsg is None else "ProjectedCRS"
    found = [{"coordinates": ["x", "y"], "system": {"type": kind, "id": crs_uri(epsg)}}]
    if timed:
        found.append({"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}})
    return found


def _range(coverage: Coverage, name: str) -> dict[str, Any]:
    values, cut = coverage.values[name], coverage.cut
    axes = ["t"] if coverage.timed(name) else []
    if isinstance(cut, Rectangle):
        axes += ["y", "x"]
    elif cut.size == 1:
        axes, values = [*axes, "y", "x"], values[..., None]
    else:
        axes.append("composite")
    whole = values.dtype.kind in "iu"
    return {
        "type": "NdArray",
        "dataType": "integer" if whole else "float",
        "axisNames": axes,
        "shape": list(values.shape),
        "values": _flat(values, None if isinstance(cut, Cells) else cut.inside),
    }


def _flat(values: np.ndarray, inside: np.ndarray | None) -> Any:
    """Values row by row; outside of an area NaN, which JSON tells as null."""
    if inside is None:
        return values.ravel()
    if values.dtype.kind in "iu":
        return np.where(inside, values.astype(object), None).ravel().tolist()
    return np.where(inside, values, np.float32(np.nan)).ravel()
