"""Variables as the parameters of CoverageJSON and EDR."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["coverage_parameter", "edr_parameter", "unit_of"]

_CF = "http://vocab.nerc.ac.uk/standard_name"
_PLAIN = {"m year-1": "m/yr"}


def edr_parameter(variable: dict[str, Any]) -> dict[str, Any]:
    """A `cube:variables` entry of a STAC collection as an entry of `parameter_names`."""
    about = variable["description"]
    return {
        "type": "Parameter",
        "description": about,
        "data-type": "integer" if variable["data_type"] == "uint8" else "float",
        "unit": {"label": variable["unit"]},
        "observedProperty": {**_identity(variable.get("cf:standard_name")), "label": about},
    }


def coverage_parameter(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """CF attributes of a variable as a parameter of CoverageJSON."""
    about = {"en": attributes["long_name"]}
    return {
        "type": "Parameter",
        "description": about,
        "unit": {"label": {"en": unit_of(attributes)}},
        "observedProperty": {**_identity(attributes.get("standard_name")), "label": about},
    }


def unit_of(attributes: Mapping[str, Any]) -> str:
    """The unit of a variable as JSON and CSV write it, from its CF attributes."""
    return _PLAIN.get(attributes["units"], attributes["units"])


def _identity(standard_name: str | None) -> dict[str, str]:
    """The URI of a CF standard name; one with a modifier (`... standard_error`) has none."""
    return {"id": f"{_CF}/{standard_name}/"} if standard_name and " " not in standard_name else {}
