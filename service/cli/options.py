"""Options that several commands share: the names and the rules are those of the HTTP interface."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from workers.errors import Bbox, InvalidRequest

if TYPE_CHECKING:
    from pydantic import ValidationError

PLACE = "Place"

Form = Literal["json", "csv", "netcdf", "parquet", "covjson"]
"""The formats of `service.formats.FORMATS`, which takes too long to import for a help text"""
FormOrPlot = Literal["json", "csv", "netcdf", "parquet", "covjson", "plot"]
"""Typer knows no union of the two"""

Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
]
Cubes = Annotated[
    list[str] | None,
    typer.Option(
        "--cube",
        metavar="PATH_OR_URL",
        help="A cube to read: Zarr or NetCDF; a path, s3:// or https://. Repeatable. "
        "Default: OGIVE_CUBES, else the public ITS_LIVE cubes.",
        rich_help_panel=PLACE,
    ),
]


def given(**choices: Any) -> dict[str, Any]:
    """The choices that the user made; the others keep the defaults of the one model that has them."""
    return {name: value for name, value in choices.items() if value is not None}


def settings(**choices: Any) -> Any:
    """The service's settings: the options of a command before the environment.

    Raises:
        InvalidRequest: a value is malformed, or the environment holds an `OGIVE_` name that is no setting.
    """
    from pydantic import ValidationError

    from service.settings import PREFIX, Settings

    def written(name: str) -> str:
        return spelt(name) if choices.get(name) is not None else f"{PREFIX}{name.upper()}"

    try:
        return Settings(**given(**choices))
    except ValidationError as error:
        raise wrong(error, written) from None


def further_datasets(cubes: list[str]) -> dict[str, tuple[str, ...]]:
    """Every cube but the first as a data set of its own, by its name without suffix.

    Raises:
        InvalidRequest: there is only one cube, or two have one name.
    """
    from workers.cubes.stores import store_name

    names = [store_name(cube) for cube in cubes[1:]]
    if not names:
        raise InvalidRequest("--merge needs two cubes or more; give each with --cube.", "merge")
    again = [name for name in names if names.count(name) > 1]
    if again:
        raise InvalidRequest(f"Two cubes are called {again[0]}; give each store a name of its own.", "cube")
    return {name: (cube,) for name, cube in zip(names, cubes[1:], strict=True)}


def spelt(name: str) -> str:
    """The option of a parameter: `--pairs-datetime`."""
    return f"--{name.replace('_', '-')}"


def wrong(error: ValidationError, spelt: Callable[[str], str]) -> InvalidRequest:
    """What pydantic found first to be wrong, with the name as the user wrote it.

    Args:
        error: what it found.
        spelt: makes a name as the user wrote it of that of a field.
    """
    found = error.errors()
    name = str(found[0]["loc"][0]) if found[0]["loc"] else ""
    # A value that may be of several kinds is told what is wrong with it as each of them.
    told = [each["msg"] for each in found if each["loc"][:1] == found[0]["loc"][:1]]
    message = "; or ".join(dict.fromkeys(text.removeprefix("Value error, ").rstrip(".") for text in told))
    return InvalidRequest(f"{spelt(name)}: {message}." if name else f"{message}.", name)


def bbox(text: str) -> Bbox:
    """West, south, east, north from `W,S,E,N`.

    Raises:
        InvalidRequest: these are not four numbers.
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidRequest(
            f"--bbox: {text!r} is no box; write west,south,east,north in degrees: -139.1,60.6,-138.8,60.8.",
            "bbox",
        ) from None
    return west, south, east, north


def place(lon: float | None, lat: float | None) -> tuple[float, float] | None:
    """The place that two options name together; None where neither is given.

    Raises:
        InvalidRequest: one is given without the other.
    """
    if (lon is None) != (lat is None):
        raise InvalidRequest("--lon and --lat go together: give both, or neither.")
    return None if lon is None or lat is None else (lon, lat)
