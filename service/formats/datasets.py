"""What a document says of the data sets that were merged for a series."""

from __future__ import annotations

from typing import Any

import numpy as np

from service.formats.numbers import number, numbers
from workers.cubes.merging import MAIN
from workers.plan import PlannedCube
from workers.velocity.point import PointSeries


def datasets(point: PointSeries) -> list[dict[str, Any]]:
    """Each data set and what it gave, the one first that the grid comes from; null where it has no pairs."""
    further = [(name, point.site.of_dataset(name)) for name in point.parameters.further_datasets]
    shares = {share.dataset: share for share in point.series.shares}
    told = []
    for place, (name, cubes) in enumerate([(MAIN, (point.site.cube,)), *further]):
        share = shares.get(place)
        told.append(
            {
                "name": name,
                "cubes": [_cube(cube) for cube in cubes],
                "used": share.used if share else 0,
                "quality": number(np.float32(share.quality)) if share else None,
                "error_scale": number(np.float32(share.error_scale)) if share else None,
                "bias": numbers(np.array(share.bias, np.float32)) if share else None,
                "bias_error": numbers(np.array(share.bias_error, np.float32)) if share else None,
            }
        )
    return told


def _cube(cube: PlannedCube) -> dict[str, Any]:
    return {
        "cube": cube.reference.id,
        "crs": f"EPSG:{cube.reference.epsg}",
        "fingerprint": cube.fingerprint,
        "last_modified": cube.last_modified,
        "layers": cube.layers,
    }
