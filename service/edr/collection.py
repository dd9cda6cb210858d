"""What a collection document says of the EDR queries that its products answer."""

from __future__ import annotations

from typing import Any

from service.edr.formats import FORMATS
from service.edr.parameters import edr_parameter
from workers.regions import CRS84

__all__ = ["QUERIES", "edr_members"]

QUERIES = {
    "position": "The series at points",
    "area": "The cells with their centre inside a polygon",
    "cube": "The cells of a box",
    "trajectory": "The cells that a line crosses",
}


def edr_members(document: dict[str, Any], here: str) -> dict[str, Any]:
    """`data_queries`, `parameter_names` and what goes with them; `here` is the collection's address."""
    formats = list(FORMATS)
    return {
        "data_queries": {
            name: {
                "link": {
                    "href": f"{here}/{name}",
                    "rel": "data",
                    "type": FORMATS["covjson"].media_type,
                    "variables": {
                        "title": title,
                        "query_type": name,
                        "output_formats": formats,
                        "default_output_format": "covjson",
                    },
                }
            }
            for name, title in QUERIES.items()
        },
        "parameter_names": {
            name: edr_parameter(variable) for name, variable in document.get("cube:variables", {}).items()
        },
        "crs": [CRS84],
        "output_formats": formats,
    }
