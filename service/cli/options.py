"""Options that several commands share: the names and the rules are those of the HTTP interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import typer

from workers.errors import Bbox, InvalidRequest

PLACE, INVERSION = "Place", "Inversion"

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
Datetime = Annotated[
    str | None,
    typer.Option(
        metavar="A/B",
        help="Only windows that lie wholly inside this RFC 3339 interval, .. for an open side. "
        "The inversion always uses the whole record.",
        rich_help_panel=INVERSION,
    ),
]
PairsDatetime = Annotated[
    str | None,
    typer.Option(
        metavar="A/B",
        help="Only image pairs with both dates inside this RFC 3339 interval.",
        rich_help_panel=INVERSION,
    ),
]
Step = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION",
        help="Length of a window, ISO 8601 from P5D to P1Y. Default: P30D.",
        rich_help_panel=INVERSION,
    ),
]
Regularization = Annotated[
    Literal["accel", "zero"] | None,
    typer.Option(
        help="Pull the acceleration towards that of a smoothed first guess (accel) or towards none (zero). "
        "Default: accel.",
        rich_help_panel=INVERSION,
    ),
]
Coefficient = Annotated[
    float | None,
    typer.Option(
        metavar="NUMBER",
        help="Strength of the regularisation, above 0, to 1000000. Default: 100.",
        rich_help_panel=INVERSION,
    ),
]
ErrorWeights = Annotated[
    bool | None,
    typer.Option(
        "--error-weights",
        help="Weigh pairs by the errors that the cube states.",
        rich_help_panel=INVERSION,
    ),
]
IntervalKind = Annotated[
    Literal["theoretical", "scaled"] | None,
    typer.Option(
        help="The 95 % interval: from the stated errors alone, or scaled by the residuals of the pixel. "
        "Default: theoretical.",
        rich_help_panel=INVERSION,
    ),
]


def given(**choices: Any) -> dict[str, Any]:
    """The choices that the user made; the others keep the defaults of the one model that has them."""
    return {name: value for name, value in choices.items() if value is not None}


def velocity_parameters(**choices: Any) -> Any:
    """The inversion's parameters from the options of a command.

    Raises:
        InvalidRequest: a choice is out of range; names the option and the rule.
    """
    from pydantic import ValidationError

    from workers.velocity.parameters import VelocityParameters

    try:
        return VelocityParameters(**given(**choices))
    except ValidationError as error:
        raise _first(error, _option) from None


def settings(**choices: Any) -> Any:
    """The service's settings: the options of a command before the environment.

    Raises:
        InvalidRequest: a value is malformed, or the environment holds an `OGIVE_` name that is no setting.
    """
    from pydantic import ValidationError

    from service.settings import PREFIX, Settings

    def spelt(name: str) -> str:
        return _option(name) if choices.get(name) is not None else f"{PREFIX}{name.upper()}"

    try:
        return Settings(**given(**choices))
    except ValidationError as error:
        raise _first(error, spelt) from None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _first(error: Any, spelt: Callable[[str], str]) -> InvalidRequest:
    """What pydantic found first, with the name as the user wrote it."""
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ").rstrip(".") + "."
    name = str(first["loc"][0]) if first["loc"] else ""
    return InvalidRequest(f"{spelt(name)}: {message}" if name else message, name)


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
