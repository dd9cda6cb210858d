"""What computing costs: processor seconds from pixels and the image pairs behind each."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

_EFFORT = {"auto": 1.3, "vvc": 1.2, "lcurve": 1.2}


def effort(coefficient: object) -> float:
    """How many times as much a pixel costs whose coefficient is chosen by a rule, against a given one."""
    return _EFFORT.get(str(coefficient), 1.0)


class CostModel(BaseModel):
    """Processor seconds of a job with a given coefficient, linear in its pixels and in their layers.

    The defaults were measured on shards of synthetic cubes of 1 000 to 80 000 layers, reading and writing
    included, and are within 30 % of each; a service fits them to its own jobs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_pixel: float = Field(7e-3, ge=0)
    """Seconds a pixel, whatever its layers"""
    per_layer: float = Field(1.7e-7, ge=0)
    """Seconds a pixel and layer"""

    def times(self, factor: float) -> CostModel:
        """The model of work that costs so many times as much."""
        return CostModel(per_pixel=factor * self.per_pixel, per_layer=factor * self.per_layer)

    def expected(self, pixels: float, layers: Sequence[int]) -> float:
        """Processor seconds of so many pixels from cubes of these layers."""
        return pixels * self.of_pixel(layers)

    def of_pixel(self, layers: Sequence[int]) -> float:
        """Processor seconds of one pixel."""
        return self.per_pixel + self.per_layer * (statistics.median(layers) if layers else 0)
