"""What a region's product may be asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from workers.errors import Bbox, InvalidRequest
from workers.regions import CRS84, parse_bbox
from workers.velocity.parameters import VelocityParameters


def _box(value: object) -> Bbox:
    try:
        return parse_bbox(value)
    except InvalidRequest as error:
        raise ValueError(error.message) from None


class VelocityCubeInputs(VelocityParameters):
    """Inputs of the process `velocity-cube`."""

    bbox: Annotated[
        Bbox,
        BeforeValidator(_box),
        WithJsonSchema(
            {
                "oneOf": [
                    {
                        "type": "object",
                        "required": ["bbox"],
                        "properties": {
                            "bbox": {
                                "type": "array",
                                "items": {"type": "number"},
                                "minItems": 4,
                                "maxItems": 4,
                            },
                            "crs": {"type": "string", "enum": [CRS84], "default": CRS84},
                        },
                    },
                    {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
                ]
            }
        ),
    ] = Field(
        description="West, south, east, north in degrees. The product lies on the source's own grid and "
        "covers the box, snapped out to whole chunks of the source.",
        examples=[{"bbox": [-49.6, 69.0, -49.3, 69.2], "crs": CRS84}],
    )
    grid: str | None = Field(
        None,
        pattern=r"^EPSG:\d{4,6}$",
        description="Take only cubes of this coordinate reference system, where several meet.",
        examples=["EPSG:32607"],
    )
