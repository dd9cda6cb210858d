"""`ogive synth`: a cube whose truth is known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from service.cli import options
from service.cli.output import progress

SIZE, NOISE = "Size and place", "Noise"


def _option(text: str, panel: str) -> Any:
    return typer.Option(metavar="NUMBER", help=text, rich_help_panel=panel)


def synth(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Where to write: a name ending in .zarr, or a folder, where ITS_LIVE's rule gives the name.",
        ),
    ],
    scenario: Annotated[
        Literal["seasonal", "surge", "decorrelated", "annual-only"] | None,
        typer.Option(
            help="What the ice and the pairs do: an annual cycle; that and a surge; most long pairs read too "
            "little; only pairs of about a year. Default: seasonal."
        ),
    ] = None,
    pairs: Annotated[int | None, _option("Image pairs. Default: 4000.", SIZE)] = None,
    height: Annotated[int | None, _option("Rows, of 120 m. Default: 120.", SIZE)] = None,
    width: Annotated[int | None, _option("Columns, of 120 m. Default: 120.", SIZE)] = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="First day. Default: 2015-01-01.", rich_help_panel=SIZE),
    ] = None,
    years: Annotated[float | None, _option("Length of the record, years. Default: 8.0.", SIZE)] = None,
    epsg: Annotated[
        int | None, _option("3413, 3031 or a UTM zone (326xx, 327xx). Default: 32607.", SIZE)
    ] = None,
    lon: Annotated[float | None, _option("Longitude of the centre, degrees. Default: -139.02.", SIZE)] = None,
    lat: Annotated[float | None, _option("Latitude of the centre, degrees. Default: 60.745.", SIZE)] = None,
    speed: Annotated[
        float | None, _option("Mean speed where the ice is fastest, m/yr. Default: 200.0.", SIZE)
    ] = None,
    date_noise: Annotated[
        float | None, _option("Position error of an image, m, 1-sigma. Default: 1.5.", NOISE)
    ] = None,
    pair_noise: Annotated[
        float | None, _option("Matching error of a pair, m, 1-sigma. Default: 4.0.", NOISE)
    ] = None,
    blunders: Annotated[float | None, _option("Share of random values. Default: 0.02.", NOISE)] = None,
    decorrelated: Annotated[
        float | None, _option("Share of pairs beyond 60 days that read 0-60 % of the motion.", NOISE)
    ] = None,
    cloud: Annotated[float | None, _option("Share of optical images lost. Default: 0.4.", NOISE)] = None,
    dropout: Annotated[
        float | None, _option("Mean share of pairs without a value on the ice. Default: 0.15.", NOISE)
    ] = None,
    error_factor: Annotated[
        float | None, _option("True errors over stated ones. Default: 1.0.", NOISE)
    ] = None,
    seed: Annotated[int | None, _option("Fixes dates and noise. Default: 0.", NOISE)] = None,
) -> None:
    """Write a synthetic cube in the layout of ITS_LIVE, with its truth beside it.

    The truth of NAME.zarr is NAME.truth.zarr. Equal options give equal values.

    Examples:
      ogive synth cubes/
      ogive synth surge.zarr --scenario surge --pairs 20000 --height 40 --width 40
    """
    from workers.synthetic import SyntheticCube, cube_path, write_cube

    spec = SyntheticCube(
        **options.given(
            scenario=scenario,
            pairs=pairs,
            height=height,
            width=width,
            start=None if start is None else _date(start),
            years=years,
            epsg=epsg,
            lon=lon,
            lat=lat,
            speed=speed,
            date_noise=date_noise,
            pair_noise=pair_noise,
            blunders=blunders,
            decorrelated=decorrelated,
            cloud=cloud,
            dropout=dropout,
            error_factor=error_factor,
            seed=seed,
        )
    )
    with progress("Synthetic cube", "chunks") as report:
        write_cube(str(path), spec, report)
    typer.echo(cube_path(str(path), spec))


def _date(text: str) -> dt.date:
    from workers.errors import InvalidRequest

    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"--start: {text!r} is no date; write one like 2015-01-01.", "start") from None
