"""The arrays of a velocity product, with the names that CF and STAC give them."""

from __future__ import annotations

from typing import Literal

from workers.products.spec import Variable
from workers.velocity.series import Flag

_CUBE = ("time", "y", "x")
_YEAR = "a year is 365 days here"


def _per_year(
    name: str,
    role: Literal["data", "auxiliary"],
    description: str,
    standard_name: str | None = None,
    **more: str,
) -> Variable:
    """A variable in metres per year, on windows and pixels; `more` are further CF attributes."""
    comment = "; ".join(filter(None, (_YEAR, more.pop("comment", None))))
    return Variable(
        name,
        _CUBE,
        "float32",
        role,
        description,
        "m/yr",
        "m year-1",
        standard_name,
        {**more, "comment": comment},
    )


def _velocity(name: str, axis: str, direction: str) -> Variable:
    return _per_year(
        name,
        "data",
        f"ice velocity along the grid {axis} axis",
        f"land_ice_surface_{axis}_velocity",
        cell_methods="time: mean",
        ancillary_variables=f"{name}_error {name}_error_lag1 count quality_flag",
        comment=f"positive towards increasing projected {axis}, not towards {direction}",
    )


def _error(of: str, standard_name: str | None = None) -> Variable:
    comment = "standard deviation propagated from the stated errors of the pairs"
    return _per_year(f"{of}_error", "auxiliary", f"1-sigma error of {of}", standard_name, comment=comment)


def _correlation(of: str) -> Variable:
    return Variable(
        f"{of}_error_lag1",
        _CUBE,
        "float32",
        "auxiliary",
        f"correlation of the error of {of} with that in the next window",
        "1",
        "1",
        attributes={"comment": "rounded to a hundredth; none for the last window"},
    )


def _bound(name: str, side: str) -> Variable:
    comment = "the group attributes interval and interval_level tell its kind and level"
    return _per_year(name, "auxiliary", f"{side} end of the interval of v", comment=comment)


VARIABLES: tuple[Variable, ...] = (
    _per_year(
        "v",
        "data",
        "ice speed, hypot(vx, vy); CF has no standard name for it",
        cell_methods="time: mean",
        ancillary_variables="v_error v_low v_high count quality_flag",
    ),
    _velocity("vx", "x", "east"),
    _velocity("vy", "y", "north"),
    _error("v"),
    _error("vx", "land_ice_surface_x_velocity standard_error"),
    _error("vy", "land_ice_surface_y_velocity standard_error"),
    _correlation("vx"),
    _correlation("vy"),
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
        description="what the interval multiplies errors with: as calibrated, or max(1, NMAD of residual / "
        "stated error)",
        unit="1",
        cf_units="1",
    ),
    Variable(
        name="coefficient",
        dimensions=("y", "x"),
        dtype="float32",
        role="auxiliary",
        description="strength of the regularisation, as given or as the rule has chosen it for the pixel",
        unit="1",
        cf_units="1",
    ),
)
SERIES_VARIABLES = tuple(variable.name for variable in VARIABLES if variable.dimensions == _CUBE)
MAP_VARIABLES = tuple(variable.name for variable in VARIABLES if variable.dimensions == ("y", "x"))
