"""`ogive score`: how well an inversion does on pairs that it never saw, or by what the ice was seen to do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from service.cli import options, reference
from service.cli.inversion import chosen, inversion
from service.cli.output import show
from workers.errors import InvalidRequest

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workers.cubes.cube import Cube
    from workers.scores.holdout import HoldoutScore, MethodScore

app = typer.Typer(help="Score an inversion on pairs it never saw, or by what was measured on the ice.")

UNSCORED = ("datetime", "stride", "gaps", "interval", "level")
"""Choices about the windows that are told and their intervals, which the prediction of pairs does not use"""
SEARCHED_PIXELS = 100
"""Cubes up to this size are searched for the one pixel with data when no place is given"""

app.command("reference", cls=inversion())(reference.reference)


@app.command("holdout", cls=inversion(*UNSCORED))
def holdout(
    context: typer.Context,
    cube: Annotated[
        str,
        typer.Option(metavar="PATH_OR_URL", help="The cube: Zarr or NetCDF.", rich_help_panel=options.PLACE),
    ],
    lon: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Longitude, degrees east. Without a place: the one pixel of a small cube that has data.",
            rich_help_panel=options.PLACE,
        ),
    ] = None,
    lat: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Latitude, degrees north.", rich_help_panel=options.PLACE),
    ] = None,
    folds: Annotated[
        int, typer.Option(metavar="NUMBER", help="Into how many parts the images are dealt.")
    ] = 5,
) -> None:
    """Predict pairs whose images the fit has never seen.

    Errors are m/yr, the length of the vector between pair and prediction: median
    and 90th percentile, for all pairs and for those of at most 60 days, along the
    path between dates and by the regular series, beside a rolling median. The
    noise of the pairs themselves is the floor of every figure.

    Examples:
      ogive score holdout --cube CUBE.zarr --lon -49.46 --lat 69.11
      ogive score holdout --cube PIXEL.zarr --pairs-datetime 2014-06-01/..
    """
    from workers.cubes.cube import open_cube
    from workers.scores import holdout as scoring

    parameters = chosen(context)
    place = options.place(lon, lat)
    opened = open_cube(cube, options.settings().source.access)
    row, column = _only_pixel(opened) if place is None else _pixel(opened, *place)
    block = opened.read(row, column, 1, 1)
    result = scoring.holdout(opened.table(), block.vx[0, 0], block.vy[0, 0], parameters, folds)
    title = f"{opened.id}, row {row}, column {column}\n{result.kept} of {opened.layers} pairs kept"
    show(lambda width: _table(title, result), None)


def _pixel(cube: Cube, lon: float, lat: float) -> tuple[int, int]:
    """The pixel that holds a place."""
    from workers.velocity.sites import check_place

    check_place(lon, lat)
    found = cube.locate(lon, lat)
    if found is None:
        raise InvalidRequest(f"lon {lon:g}, lat {lat:g} lies outside the cube {cube.id}.", "lon")
    return found[0], found[1]


def _only_pixel(cube: Cube) -> tuple[int, int]:
    """The one pixel of a small cube that has data."""
    import numpy as np

    height, width = cube.grid.height, cube.grid.width
    if height * width > SEARCHED_PIXELS:
        raise InvalidRequest(
            f"The cube {cube.id} has {height} x {width} pixels; name one by --lon and --lat."
        )
    pixels = np.argwhere(np.isfinite(cube.read(0, 0, height, width).vx).any(axis=-1))
    if len(pixels) != 1:
        raise InvalidRequest(
            f"{len(pixels)} pixels of the cube {cube.id} have data; name one by --lon and --lat."
        )
    return int(pixels[0][0]), int(pixels[0][1])


def _table(title: str, result: HoldoutScore) -> RenderableType:
    from rich import box
    from rich.console import Group
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("m/yr")
    for pairs, count in (("all", result.path.all.pairs), ("<= 60 days", result.path.short.pairs)):
        table.add_column(f"{count} {pairs}\nmedian", justify="right")
        table.add_column("\n90 %", justify="right")
    rows: dict[str, MethodScore] = {
        "path between dates": result.path,
        "regular series": result.product,
        "rolling median": result.rolling_median,
    }
    for name, method in rows.items():
        figures = [
            figure
            for errors in (method.all, method.short)
            for figure in (errors.median, errors.percentile_90)
        ]
        table.add_row(name, *(f"{figure:.0f}" if math.isfinite(figure) else "-" for figure in figures))
    return Group(title, table)
