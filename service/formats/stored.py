"""The JSON document of a series that a finished product holds: as one computed, as far as it tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.formats.series import SCHEMA, UNITS, method, number, numbers
from service.formats.shape import TIMES
from workers.calendar import timestamps
from workers.geojson import Place
from workers.identity import request_sha256
from workers.products.reading import Product
from workers.regions import to_grid
from workers.velocity.parameters import VelocityParameters
from workers.velocity.series import Flag

MAPS = ("vvc", "error_scale", "coefficient")
"""Variables with one value a pixel that a document tells, where a product has them"""
_STORED_NAMES = {"flags": "quality_flag"}


@dataclass(frozen=True, slots=True, eq=False)
class StoredSeries:
    """What a product holds for one place."""

    product: Product
    request: Mapping[str, Any]
    """The request that the product was made by: `version`, `inputs`"""
    place: Place
    row: int
    column: int
    offset_m: float
    datetime: str | None
    windows: slice
    values: Mapping[str, np.ndarray]
    """(t,) of each variable with windows, a scalar of each of `MAPS`, by its name in the product"""


def stored_names(product: Product) -> list[str]:
    """The variables of a product that a document tells."""
    wanted = [_STORED_NAMES.get(name, name) for name in UNITS if name not in TIMES]
    return [name for name in (*wanted, *MAPS) if name in product.variables]


def stored_document(stored: StoredSeries) -> dict[str, Any]:
    """The document `VelocityTimeSeries` whose `source` is a product; null for what no product keeps."""
    product, place = stored.product, stored.place
    parameters = VelocityParameters(
        **{
            name: value
            for name, value in stored.request["inputs"].items()
            if name in VelocityParameters.model_fields
        }
    )
    x, y = product.grid.centre(stored.row, stored.column)
    lon, lat = to_grid(product.grid.epsg).transform(x, y, direction="INVERSE")
    asked = {"product": product.id, "lon": place.lon, "lat": place.lat, "datetime": stored.datetime}
    columns = _columns(stored)
    return {
        "type": "VelocityTimeSeries",
        "schema": SCHEMA,
        "id": f"sha256:{request_sha256('product', asked, {})}",
        "requested": {
            "lon": place.lon,
            "lat": place.lat,
            "datetime": stored.datetime,
            "pairs_datetime": parameters.pairs_datetime,
        },
        "cell": {
            "lon": round(lon, 7),
            "lat": round(lat, 7),
            "x": x,
            "y": y,
            "crs": f"EPSG:{product.grid.epsg}",
            "offset_m": stored.offset_m,
        },
        "source": {"product": product.id, "cube": product.attributes["source"]},
        "method": _method(stored, parameters),
        "quality": _quality(stored, parameters),
        "series_units": {name: UNITS[name] for name in columns},
        "series": columns,
    }


def _method(stored: StoredSeries, parameters: VelocityParameters) -> dict[str, Any]:
    chosen = parameters.coefficient
    rule = chosen if isinstance(chosen, str) else "given"
    coefficient = {
        "coefficient": number(stored.values["coefficient"]) if "coefficient" in stored.values else chosen,
        "coefficient_rule": rule,
    }
    return method(parameters, stored.request["version"], coefficient)


def _quality(stored: StoredSeries, parameters: VelocityParameters) -> dict[str, Any]:
    scaled, flags = parameters.interval != "theoretical", stored.values["quality_flag"]
    common = int(np.bitwise_and.reduce(flags)) if flags.size else 0
    return {
        "vvc": number(stored.values["vvc"]),
        "iterations": None,
        "converged": None,
        "residual_nmad_m": None,
        "interval": {
            "kind": parameters.interval,
            "level": parameters.level,
            "scale": number(stored.values["error_scale"]) if scaled else 1.0,
            "measured_coverage": None,
        },
        "flags": [flag.name for flag in Flag if flag & common],
        "flag_bits": {flag.name: flag.value for flag in Flag},
    }


def _columns(stored: StoredSeries) -> dict[str, list[Any]]:
    product, span = stored.product, stored.windows
    moments = {"time": product.middle, "start": product.start, "end": product.end}
    made: dict[str, list[Any]] = {}
    for name in UNITS:
        if name in moments:
            made[name] = timestamps(moments[name][span])
        elif (values := stored.values.get(_STORED_NAMES.get(name, name))) is not None:
            made[name] = values.tolist() if name == "flags" else numbers(values)
    return made
