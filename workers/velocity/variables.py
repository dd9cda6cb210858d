"""The arrays of a velocity product, with the names that CF and STAC give them."""

from __future__ import annotations

from workers.products.spec import Variable
from workers.velocity.series import Flag

_CUBE = ("time", "y", "x")
_MEAN = {"cell_methods": "time: mean"}
_YEAR = "a year is 365 days here"


def _velocity(name: str, axis: str) -> Variable:
    return Variable(
        name=name,
        dimensions=_CUBE,
        dtype="float32",
        role="data",
        description=f"ice velocity along the grid {axis} axis",
        unit="m/yr",
        cf_units="m year-1",
        standard_name=f"land_ice_surface_{axis}_velocity",
        attributes={
            **_MEAN,
            "ancillary_variables": f"{name}_error count quality_flag",
            "comment": f"{_YEAR}; positive towards increasing projected {axis}, "
            f"not towards {'east' if axis == 'x' else 'north'}",
        },
    )


def _error(name: str, of: str, standard_name: str | None = None) -> Variable:
    return Variable(
        name=name,
        dimensions=_CUBE,
        dtype="float32",
        role="auxiliary",
        description=f"1-sigma error of {of}",
        unit="m/yr",
        cf_units="m year-1",
        standard_name=standard_name,
        attributes={"comment": f"{_YEAR}; standard deviation propagated from the stated errors of the pairs"},
    )


def _bound(name: str, side: str) -> Variable:
    return Variable(
        name=name,
        dimensions=_CUBE,
        dtype="float32",
        role="auxiliary",
        description=f"{side} end of the 95 % interval of v",
        unit="m/yr",
        cf_units="m year-1",
        attributes={"comment": f"{_YEAR}; the group attribute interval names its kind"},
    )


VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="v",
        dimensions=_CUBE,
        dtype="float32",
        role="data",
        description="ice speed, hypot(vx, vy); CF has no standard name for it",
        unit="m/yr",
        cf_units="m year-1",
        attributes={
            **_MEAN,
            "ancillary_variables": "v_error v_low v_high count quality_flag",
            "comment": _YEAR,
        },
    ),
    _velocity("vx", "x"),
    _velocity("vy", "y"),
    _error("v_error", "v"),
    _error("vx_error", "vx", "land_ice_surface_x_velocity standard_error"),
    _error("vy_error", "vy", "land_ice_surface_y_velocity standard_error"),
    _bound("v_low", "lower"),
    _bound("v_high", "upper"),
    Variable(
        name="count",
        dimensions=_CUBE,
        dtype="float32",
        role="auxiliary",
        description="effective number of image pairs: sum of the robust weights of those behind the window",
        unit="1",
        cf_units="1",
    ),
    Variable(
        name="quality_flag",
        dimensions=_CUBE,
        dtype="uint8",
        role="auxiliary",
        description="what to know before trusting a window: bit field, see flag_meanings",
        unit="1",
        cf_units="1",
        standard_name="quality_flag",
        attributes={
            "flag_masks": [int(flag) for flag in Flag],
            "flag_meanings": " ".join(flag.name for flag in Flag),
        },
    ),
    Variable(
        name="vvc",
        dimensions=("y", "x"),
        dtype="float32",
        role="auxiliary",
        description="velocity vector coherence of the series, 0 to 1",
        unit="1",
        cf_units="1",
    ),
    Variable(
        name="error_scale",
        dimensions=("y", "x"),
        dtype="float32",
        role="auxiliary",
        description="max(1, NMAD of residual / stated error): what interval=scaled multiplies errors with",
        unit="1",
        cf_units="1",
    ),
)
SERIES_VARIABLES = tuple(variable.name for variable in VARIABLES if variable.dimensions == _CUBE)
MAP_VARIABLES = tuple(variable.name for variable in VARIABLES if variable.dimensions == ("y", "x"))
