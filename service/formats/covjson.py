"""Series as CoverageJSON: a coverage of the domain type PointSeries for each member."""

from __future__ import annotations

from typing import Any

from service.formats.series import COLLECTION, answered
from service.formats.shape import TIMES
from workers.velocity.series import Flag
from workers.velocity.variables import VARIABLES

_CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_STANDARD_NAME = "http://vocab.nerc.ac.uk/standard_name"
_UCUM = {"m/yr": "m/a", "1": "1"}
_REFERENCING = [
    {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": _CRS84}},
    {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": "Gregorian"}},
]


def coverage(whole: dict[str, Any]) -> bytes:
    """A Coverage, or a CoverageCollection of the members that are series; `null` where there is no value.

    Each has the id of its series. Members that failed are told in `problems`.
    """
    from covjson_pydantic.coverage import Coverage, CoverageCollection
    from covjson_pydantic.domain import DomainType

    members = answered(whole)
    if whole["type"] != COLLECTION:
        described = {"domain": _domain(whole) | {"referencing": _REFERENCING}, **_parameters(whole)}
        made = Coverage.model_validate(_one(whole) | described)
    else:
        failed = [member for member in whole["members"] if "series" not in member]
        made = CoverageCollection.model_validate(
            {
                "type": "CoverageCollection",
                "domainType": DomainType.point_series,
                "coverages": [_one(member) for _, member in members],
                **(_parameters(members[0][1]) if members else {}),
                "referencing": _REFERENCING,
                "problems": failed,
            }
        )
    return made.model_dump_json(exclude_unset=True).encode()


def _one(member: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Coverage",
        "id": member["id"],
        "domain": _domain(member),
        "ranges": _ranges(member),
    }


def _names(member: dict[str, Any]) -> list[str]:
    return [name for name in member["series"] if name not in TIMES]


def _domain(member: dict[str, Any]) -> dict[str, Any]:
    columns, asked = member["series"], member["requested"]
    bounds = [edge for pair in zip(columns["start"], columns["end"], strict=True) for edge in pair]
    return {
        "type": "Domain",
        "domainType": "PointSeries",
        "axes": {
            "x": {"values": [asked["lon"]]},
            "y": {"values": [asked["lat"]]},
            "t": {"values": columns["time"], "bounds": bounds},
        },
    }


def _parameters(member: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": {name: _parameter(name, member) for name in _names(member)}}


def _parameter(name: str, member: dict[str, Any]) -> dict[str, Any]:
    """What one column is."""
    described = next(each for each in VARIABLES if each.name == {"flags": "quality_flag"}.get(name, name))
    observed = {"label": {"en": described.description}}
    if described.standard_name and " " not in described.standard_name:
        observed["id"] = f"{_STANDARD_NAME}/{described.standard_name}"
    made = {"type": "Parameter", "label": {"en": name}, "observedProperty": observed}
    if name == "flags":
        return made | {"description": {"en": ", ".join(f"{flag.value} {flag.name}" for flag in Flag)}}
    unit = member["series_units"][name]
    symbol = {"value": _UCUM[unit], "type": "http://www.opengis.net/def/uom/UCUM/"}
    return made | {"unit": {"label": {"en": unit}, "symbol": symbol}}


def _ranges(member: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {
            "type": "NdArray",
            "dataType": "integer" if name == "flags" else "float",
            "axisNames": ["t"],
            "shape": [len(member["series"][name])],
            "values": member["series"][name],
        }
        for name in _names(member)
    }
