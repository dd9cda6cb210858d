"""The arrays of an ITS_LIVE v2 cube: 60 variables and three coordinates, as they lie on disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numcodecs import Blosc

from workers.synthetic.observe import CELL, LAYERS, MISSING

COLUMN = 200_000
_SPACE_TIME, _SPACE, _TIME = ("mid_date", "y", "x"), ("y", "x"), ("mid_date",)
_VELOCITY = Blosc(cname="zlib", clevel=2, shuffle=Blosc.SHUFFLE)
_DEFAULT = Blosc(cname="lz4", clevel=5, shuffle=Blosc.SHUFFLE)
_SLOW = "stationary or slow-flowing surfaces with velocity < 15 meter/year identified from an external mask"
_DAYS = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class ArrayLayout:
    """One array: its type, dimensions, Zarr fill value, codec and attributes."""

    name: str
    dtype: str
    dimensions: tuple[str, ...]
    codec: Blosc
    fill: float | None = None
    """Zarr's `fill_value`; None is null, and the missing value is an attribute then"""
    attributes: dict[str, Any] = field(default_factory=dict)

    def chunks(self, sizes: dict[str, int]) -> tuple[int, ...]:
        """Chunk shape in a cube of the given sizes: up to 20 000 layers of 10 x 10 px, 1-D up to 200 000."""
        if self.dimensions == _SPACE_TIME:
            return min(sizes["mid_date"], LAYERS), CELL, CELL
        if self.dimensions == _TIME:
            return (min(sizes["mid_date"], COLUMN),)
        return tuple(sizes[dimension] for dimension in self.dimensions)


def _maps(
    name: str, dtype: str, missing: int, codec: Blosc, dimensions=_SPACE_TIME, **attributes
) -> ArrayLayout:
    """An integer array in space, whose missing value only its attributes tell."""
    shared = {"grid_mapping": "mapping", "missing_value": missing}
    return ArrayLayout(name, dtype, dimensions, codec, None, attributes | shared)


def _velocity(name: str, standard_name: str | None, description: str, units: str | None) -> ArrayLayout:
    given = {"standard_name": standard_name, "units": units, "description": description}
    told = {key: value for key, value in given.items() if value is not None}
    return _maps(name, "<i2", MISSING, _VELOCITY, **told)


def _column(name: str, standard_name: str | None = None, dtype: str = "<f4", **attributes) -> ArrayLayout:
    """A value a layer, compressed by default: floats miss as NaN, integers and text never."""
    fill = _NAN if dtype.startswith("<f") else None
    return ArrayLayout(
        name, dtype, _TIME, _DEFAULT, fill, {"standard_name": standard_name or name} | attributes
    )


def _component(name: str) -> list[ArrayLayout]:
    """Errors and shifts of one velocity component, a value a layer."""
    spelled = {"vx": "x_velocity", "vy": "y_velocity"}
    best = (
        f"best estimate of {spelled[name]} error: {name}_error is populated according to the approach used "
        'for the velocity bias correction as indicated in "stable_shift_flag"'
        if name in spelled
        else f"error for velocity in radar {'azimuth' if name == 'va' else 'range'} direction"
    )
    shift = f"{name} shift calibrated using valid pixels"
    described = {
        "error": best,
        "error_modeled": "1-sigma error calculated using a modeled error-dt relationship",
        "error_slow": "RMSE over slowest 25% of retrieved velocities",
        "error_stationary": f"RMSE over stable surfaces, {_SLOW}",
        "stable_shift": f"applied {name} shift calibrated using pixels over stable or slow surfaces",
        "stable_shift_slow": f"{shift} over slowest 25% of retrieved velocities",
        "stable_shift_stationary": f"{shift} over stable surfaces, {_SLOW}",
    }
    return [
        ArrayLayout(
            f"{name}_{kind}",
            "<f4",
            _TIME,
            _VELOCITY,
            float(MISSING),
            {"standard_name": f"{name}_{kind}", "units": "meter/year", "description": text},
        )
        for kind, text in described.items()
    ]


def _radar_matrix(index: int) -> list[ArrayLayout]:
    component, name = "xy"[index - 1], f"M1{index}"
    matrix = (
        f"conversion matrix element (1st row, {('1st', '2nd')[index - 1]} column) that can be multiplied "
        f"with v{component} to give range pixel displacement dr (see Eq. A18 in "
        "https://www.mdpi.com/2072-4292/13/4/749)"
    )
    factor = {
        "standard_name": f"{name}_dr_to_vr_factor",
        "units": "meter/(year*pixel)",
        "description": "multiplicative factor that converts slant range pixel displacement dr to slant range "
        "velocity vr",
    }
    return [
        _velocity(name, f"conversion_matrix_element_1{index}", matrix, "pixel/(meter/year)"),
        ArrayLayout(f"{name}_dr_to_vr_factor", "<f4", _TIME, _VELOCITY, 0.0, factor),
    ]


def _image(number: int) -> list[ArrayLayout]:
    acquired = {"description": f"acquisition date and time of image {number}"} | _DAYS
    identities = {"mission": "<U1", "satellite": "<U2", "sensor": "<U3"}
    return [
        _column(f"acquisition_date_img{number}", f"image{number}_acquition_date", "<f8", **acquired),
        *(
            _column(
                f"{what}_img{number}",
                f"image{number}_{what}",
                dtype,
                description=f"id of the {what} that acquired image {number}",
            )
            for what, dtype in identities.items()
        ),
    ]


def _chip(side: str) -> ArrayLayout:
    return _maps(
        f"chip_size_{side}",
        "<u2",
        0,
        _DEFAULT,
        standard_name=f"chip_size_{side}",
        units="m",
        description=f"{side} of search template (chip)",
        chip_size_coordinates="Optical data: chip_size_coordinates = 'image projection geometry: width = x, "
        "height = y'. Radar data: chip_size_coordinates = 'radar geometry: width = range, height = azimuth'",
    )


def _mask(name: str, description: str) -> ArrayLayout:
    told = {"standard_name": f"{description} mask", "flag_values": [0, 1], "flag_meanings": "non-ice ice"}
    text = f"{description} mask, 0 = non-{description.replace(' ', '-')}, 1 = {description.replace(' ', '-')}"
    return _maps(name, "|u1", 255, _VELOCITY, _SPACE, **told, description=text)


def _axis(name: str) -> ArrayLayout:
    told = {
        "standard_name": f"projection_{name}_coordinate",
        "description": f"{name} coordinate of projection",
    }
    return ArrayLayout(name, "<f8", (name,), _VELOCITY, _NAN, told)


COORDINATES: tuple[ArrayLayout, ...] = (
    _column(
        "mid_date",
        "image_pair_center_date_with_time_separation",
        "<f8",
        description="midpoint of image 1 and image 2 acquisition date and time with granule's centroid "
        "longitude and latitude as microseconds",
        **_DAYS,
    ),
    _axis("x"),
    _axis("y"),
)

VARIABLES: tuple[ArrayLayout, ...] = (
    _velocity("v", "land_ice_surface_velocity", "velocity magnitude", "meter/year"),
    _velocity("vx", "land_ice_surface_x_velocity", "velocity component in x direction", "meter/year"),
    _velocity("vy", "land_ice_surface_y_velocity", "velocity component in y direction", "meter/year"),
    _velocity("v_error", "velocity_error", "velocity magnitude error", "meter/year"),
    _velocity("va", None, "velocity in radar azimuth direction", None),
    _velocity("vr", None, "velocity in radar range direction", None),
    *(layout for component in ("vx", "vy", "va", "vr") for layout in _component(component)),
    *_radar_matrix(1),
    *_radar_matrix(2),
    *_image(1),
    *_image(2),
    _column(
        "date_center",
        "image_pair_center_date",
        "<f8",
        description="midpoint of image 1 and image 2 acquisition date",
        **_DAYS,
    ),
    _column(
        "date_dt",
        "image_pair_time_separation",
        description="time separation between acquisition of image 1 and image 2",
        units="days",
    ),
    _column(
        "roi_valid_percentage",
        "region_of_interest_valid_pixel_percentage",
        description="percentage of pixels with a valid velocity estimate determined for the intersection of "
        "the full image pair footprint and the region of interest (roi) that defines where autoRIFT tried to "
        "estimate a velocity",
    ),
    _column(
        "stable_shift_flag",
        dtype="|u1",
        description="flag for applying velocity bias correction: 0 = no correction; 1 = correction from "
        "overlapping stable surface mask (stationary or slow-flowing surfaces with velocity < 15 meter/year)"
        "(top priority); 2 = correction from slowest 25% of overlapping velocities (second priority)",
    ),
    _column(
        "stable_count_slow",
        dtype="<u2",
        units="count",
        description="number of valid pixels over slowest 25% of ice",
    ),
    _column(
        "stable_count_stationary",
        dtype="<u2",
        units="count",
        description="number of valid pixels over stationary or slow-flowing surfaces",
    ),
    _column("autoRIFT_software_version", dtype="<U5", description="version of autoRIFT software"),
    _column("granule_url", dtype="<U1024", description="original granule URL"),
    _chip("height"),
    _chip("width"),
    _maps(
        "interp_mask",
        "|u1",
        0,
        _DEFAULT,
        standard_name="interpolated_value_mask",
        description="light interpolation mask",
        flag_values=[0, 1],
        flag_meanings="measured interpolated",
    ),
    _mask("landice", "land ice"),
    _mask("floatingice", "floating ice"),
    ArrayLayout("mapping", "<U1", (), _DEFAULT),
)
"""`mapping` gets its attributes from the grid"""

EMPTY = ("va", "vr", "M11", "M12", "interp_mask")
"""Maps without a value in any layer: radar geometry is not simulated, and nothing is interpolated"""
