"""The JSON document of a point's series: the same over HTTP and on the command line, links aside."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import orjson

from service.formats.datasets import datasets
from service.formats.numbers import number, numbers
from workers.calendar import timestamps
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import OVERLAP_RULE, PointSeries
from workers.velocity.series import Flag, PixelSeries
from workers.version import VERSION

SCHEMA = "schemas/timeseries-1.json"
COLLECTION_SCHEMA = "schemas/timeseries-collection-1.json"
"""Relative to the service's root, where the schemas are served"""
UNITS = {
    "time": "iso8601",
    "start": "iso8601",
    "end": "iso8601",
    "v": "m/yr",
    "vx": "m/yr",
    "vy": "m/yr",
    "v_error": "m/yr",
    "vx_error": "m/yr",
    "vy_error": "m/yr",
    "vx_error_lag1": "1",
    "vy_error_lag1": "1",
    "v_low": "m/yr",
    "v_high": "m/yr",
    "count": "1",
    "flags": "bits",
}
OBSERVATION_UNITS = {
    "mid": "iso8601",
    "start": "iso8601",
    "end": "iso8601",
    "v": "m/yr",
    "vx": "m/yr",
    "vy": "m/yr",
    "error": "m/yr",
    "sensor": "name",
    "weight": "1",
}
_VALUES = (
    *("v", "vx", "vy", "v_error", "vx_error", "vy_error", "vx_error_lag1", "vy_error_lag1"),
    *("v_low", "v_high", "count"),
)
COLLECTION = "VelocityTimeSeriesCollection"


def document(point: PointSeries, links: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The document `VelocityTimeSeries`, without `links` where none are given.

    Numbers are the shortest decimals that read back as the very float32 a product stores; null where there
    is none.
    """
    parameters, site = point.parameters, point.site
    whole = {
        "type": "VelocityTimeSeries",
        "schema": SCHEMA,
        "id": f"sha256:{point.request_sha256}",
        "requested": {
            "lon": site.lon,
            "lat": site.lat,
            "datetime": parameters.datetime,
            "pairs_datetime": parameters.pairs_datetime,
        },
        "cell": {
            "lon": site.cell_lon,
            "lat": site.cell_lat,
            "x": site.x,
            "y": site.y,
            "crs": site.crs,
            "offset_m": site.offset_m,
        },
        "source": _source(point),
        "method": method(parameters, VERSION, _coefficient(point)),
        "quality": _quality(point),
        "series_units": UNITS,
        "series": _columns(point),
    }
    if point.observations is not None:
        merged = {"dataset": "name"} if "dataset" in point.observations else {}
        whole["observations_units"] = OBSERVATION_UNITS | merged
        whole["observations"] = _observations(point.observations, whole["observations_units"])
    return whole if links is None else {**whole, "links": links}


@cache
def schema(name: str = SCHEMA) -> dict[str, Any]:
    """The JSON Schema (2020-12) that every document fulfils which names it."""
    return json.loads(files("service.formats").joinpath(name.removeprefix("schemas/")).read_text("utf-8"))


def collection(members: list[dict[str, Any]], links: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """The document of several places: for each its `VelocityTimeSeries`, or the problem in its stead."""
    whole = {"type": COLLECTION, "schema": COLLECTION_SCHEMA, "members": members}
    return whole if links is None else {**whole, "links": links}


def answered(whole: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """The members of a document that are series, each with its number; a single series is number 0."""
    members = whole["members"] if whole["type"] == COLLECTION else [whole]
    return [(number, member) for number, member in enumerate(members) if "series" in member]


def dumps(whole: Any) -> bytes:
    """A document as JSON in UTF-8, the same bytes for the same document."""
    # Copied: orjson's own bytes keep the room that they were written into, up to three times what they fill.
    return bytes(memoryview(orjson.dumps(whole)))


def flags_throughout(series: PixelSeries) -> list[str]:
    """Names of the flags that hold in every window."""
    common = int(np.bitwise_and.reduce(series.quality_flag)) if series.quality_flag.size else 0
    return [flag.name for flag in Flag if flag & common]


def method(parameters: VelocityParameters, version: str, coefficient: dict[str, Any]) -> dict[str, Any]:
    """How a series was made, by which version, and what tells of its coefficient."""
    return {
        "name": "TICOI",
        "version": version,
        "regularization": parameters.regularization,
        "penalty": parameters.penalty,
        **coefficient,
        "weights": parameters.weights,
        "error_weights": parameters.error_weights,
        "interpolation": parameters.interpolation,
        "step": parameters.step,
        "stride": parameters.stride or parameters.step,
        "gaps": parameters.gaps,
        "guess": parameters.guess,
        "filter": parameters.filter,
    }


def _coefficient(point: PointSeries) -> dict[str, Any]:
    """What the coefficient is, who chose it, and how the candidates compare that the rule looked at."""
    chosen, series = point.parameters.coefficient, point.series
    if not isinstance(chosen, str):
        return {"coefficient": chosen, "coefficient_rule": "given"}
    return {
        "coefficient": number(series.coefficient),
        "coefficient_rule": chosen,
        "curve": [
            {"coefficient": candidate, "score": number(np.float32(score))}
            for candidate, score in series.curve
        ],
    }


def _source(point: PointSeries) -> dict[str, Any]:
    cube, others = point.site.cube, point.site.other_cubes
    source = {
        "cube": cube.reference.id,
        "fingerprint": cube.fingerprint,
        "last_modified": cube.last_modified,
        "layers": cube.layers,
        "valid": point.series.valid,
        "used": point.series.used,
        "rejected": dict(point.series.rejected),
        "other_cubes": list(others),
    }
    if point.parameters.datasets is not None:
        source["datasets"] = datasets(point)
    return {**source, "overlap_rule": OVERLAP_RULE} if others else source


def _quality(point: PointSeries) -> dict[str, Any]:
    series, parameters = point.series, point.parameters
    kind = parameters.interval
    return {
        "vvc": number(series.vvc),
        "iterations": series.iterations,
        "converged": series.converged,
        "residual_nmad_m": number(np.float32(series.residual_nmad)),
        "interval": {
            "kind": kind,
            "level": parameters.level,
            "scale": 1.0 if kind == "theoretical" else number(series.error_scale),
            "measured_coverage": None,
        },
        "flags": flags_throughout(series),
        "flag_bits": {flag.name: flag.value for flag in Flag},
    }


def _columns(point: PointSeries) -> dict[str, list[Any]]:
    windows, series = point.windows, point.series
    return {
        "time": timestamps(windows.middle),
        "start": timestamps(windows.start),
        "end": timestamps(windows.end),
        **{name: numbers(getattr(series, name)) for name in _VALUES},
        "flags": series.quality_flag.tolist(),
    }


def _observations(pairs: dict[str, Any], units: dict[str, str]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for name, unit in units.items():
        if unit == "iso8601":
            columns[name] = timestamps(pairs[name])
        elif unit == "name":
            columns[name] = [str(value) for value in pairs[name]]
        else:
            columns[name] = numbers(pairs[name])
    return columns
