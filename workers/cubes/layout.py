"""Which variables an inversion needs of a cube, and whether they are stored as it understands them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.cubes.source import Source, Variable
from workers.errors import CubeInvalid

VELOCITIES = ("vx", "vy")
DATES = ("acquisition_date_img1", "acquisition_date_img2")
ERRORS = ("vx_error", "vy_error")
SATELLITE = ("mission_img1", "satellite_img1")
NEEDED = (*VELOCITIES, *DATES, *ERRORS)
METRES_A_YEAR = frozenset(
    ["meter/year", "metre/year", "meters/year", "m/year", "m/yr", "m/y", "m/a", "m yr-1", "m a-1", "m year-1"]
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The variables of a cube that are read."""

    velocities: tuple[Variable, Variable]
    """vx and vy, (layers, rows, columns)"""
    pairs: tuple[Variable, ...]
    """What all pixels share, (layers,): dates, errors and, where there are any, mission and satellite"""

    @property
    def layers(self) -> int:
        """Stored image pairs."""
        return self.velocities[0].shape[0]

    @property
    def chunk(self) -> tuple[int, int]:
        """Rows and columns of a chunk, no more than the cube has."""
        variable = self.velocities[0]
        rows, columns = (min(pair) for pair in zip(variable.chunks[1:], variable.shape[1:], strict=True))
        return rows, columns


def read_layout(source: Source) -> Layout:
    """Find and check the variables of a cube.

    Raises:
        CubeInvalid: variables are absent, or differ in shape, units or packing from what is understood.
    """
    found = {name: source.variable(name) for name in (*NEEDED, *SATELLITE)}
    absent = [name for name in NEEDED if found[name] is None]
    if absent:
        raise CubeInvalid(
            f"Cube {source.name} lacks {', '.join(absent)}; an inversion needs {', '.join(NEEDED)}."
        )
    vx, vy = (_velocity(source, found[name]) for name in VELOCITIES)
    if (vx.dimensions, vx.shape) != (vy.dimensions, vy.shape):
        raise CubeInvalid(f"vx {vx.shape} and vy {vy.shape} of cube {source.name} differ in shape.")
    pairs = tuple(found[name] for name in (*DATES, *ERRORS, *SATELLITE) if found[name] is not None)
    for variable in pairs:
        if variable.shape != vx.shape[:1]:
            raise CubeInvalid(
                f"Variable {variable.name} of cube {source.name} has shape {variable.shape}; it needs one "
                f"value for each of the {vx.shape[0]} layers of vx."
            )
    return Layout((vx, vy), pairs)


def _velocity(source: Source, variable: Variable) -> Variable:
    told = f"Variable {variable.name} of cube {source.name}"
    if len(variable.shape) != 3 or variable.dimensions[1:] != ("y", "x"):
        raise CubeInvalid(
            f"{told} has dimensions ({', '.join(map(str, variable.dimensions))}) and shape {variable.shape}; "
            "a cube of image pairs has (time, y, x)."
        )
    if 0 in variable.shape:
        raise CubeInvalid(f"{told} is empty: its shape is {variable.shape}.")
    units = variable.attributes.get("units")
    if units not in METRES_A_YEAR:
        raise CubeInvalid(f"{told} is in {units or 'no stated unit'}; meter/year is needed.")
    packing = {
        key: variable.attributes.get(key, plain) for key, plain in (("scale_factor", 1), ("add_offset", 0))
    }
    if packing != {"scale_factor": 1, "add_offset": 0}:
        raise CubeInvalid(f"{told} is packed with {packing}; plain metres a year are needed.")
    if variable.dtype.kind not in "if":
        raise CubeInvalid(f"{told} is stored as {variable.dtype}; integers or floats are needed.")
    if np.issubdtype(variable.dtype, np.integer) and not variable.missing:
        raise CubeInvalid(f"{told} states no missing value, so that no data cannot be told from velocities.")
    return variable
