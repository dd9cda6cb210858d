"""`ogive score reference`: a series against velocities that were measured on the ice."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from service.cli import options
from service.cli.inversion import chosen
from service.cli.output import show, write

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workers.scores.reference import ReferenceScore
    from workers.scores.score_stations import StationScore
    from workers.velocity.parameters import VelocityParameters


def reference(
    context: typer.Context,
    table: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="CSV or Parquet, one row a velocity, m/yr of 365 days: date, or start and end; v, or ve "
            "and vn (east, north), or vx and vy (axes of the cube); errors as v_error and so on; station, "
            "lon and lat where there are several stations.",
        ),
    ],
    cube: options.Cubes = None,
    lon: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER",
            help="Longitude of the one station, degrees east. Without it the table has lon and lat.",
            rich_help_panel=options.PLACE,
        ),
    ] = None,
    lat: Annotated[
        float | None,
        typer.Option(metavar="NUMBER", help="Its latitude, degrees north.", rich_help_panel=options.PLACE),
    ] = None,
    lengths: Annotated[
        Literal["ground", "map"],
        typer.Option(
            help="map where v, or vx and vy, were taken from projected coordinates: they are then divided "
            "by the scale of the projection at the station, as the cube's own are.",
        ),
    ] = "ground",
    form: Annotated[
        Literal["text", "json"], typer.Option("-f", "--format", help="A table or JSON.")
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write here instead of stdout.")
    ] = None,
) -> None:
    """Score series by velocities measured on the ice, such as those of GNSS, of any dates.

    References are averaged over the windows of the series, weighted by the days
    they share; of a reference longer than a window the mean of its windows is
    taken. RMSE and bias (series less reference) are m/yr, KGE is 1 at best, and
    inside is the share of intervals that hold the reference.

    Examples:
      ogive score reference --table gnss.csv --cube CUBE.zarr --lon -139.02 --lat 60.745
      ogive score reference --table stations.parquet --step P10D -f json
    """
    parameters = chosen(context)
    place = options.place(lon, lat)
    from workers.scores.score_stations import score_stations
    from workers.scores.stations import read_stations

    stations = read_stations(table, place)
    sources = options.settings(cubes=tuple(cube) if cube else None).source
    told, whole = score_stations(sources, stations, parameters, lengths)
    if form == "json":
        write(f"{json.dumps(_document(told, whole, parameters), indent=1)}\n", output)
    else:
        show(lambda width: _table(told, whole), output)


def _document(
    told: list[StationScore], whole: ReferenceScore, parameters: VelocityParameters
) -> dict[str, Any]:
    """Everything, with null for what is not known."""
    return {
        "type": "ReferenceScores",
        "method": parameters.model_dump(mode="json"),
        "units": "m/yr",
        "stations": [_known(dataclasses.asdict(each)) for each in told],
        "all": _known(dataclasses.asdict(whole)),
    }


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _known(member) for name, member in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _table(told: list[StationScore], whole: ReferenceScore) -> RenderableType:
    from rich import box
    from rich.console import Group
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("station")
    for name in ("windows", "mean v", "RMSE", "bias", "KGE", "RMSE vx", "RMSE vy", "inside"):
        table.add_column(name, justify="right")
    rows = [(each.station or "-", each.score) for each in told if each.score is not None]
    for name, score in [*rows, *([("all", whole)] if len(told) > 1 else [])]:
        table.add_row(name, *_figures(score))
    problems = [f"{each.station}: {each.problem}" for each in told if each.problem is not None]
    return Group(table, *problems)


def _figures(score: ReferenceScore) -> list[str]:
    share = f"{100 * score.coverage:.0f} %" if math.isfinite(score.coverage) else "-"
    speeds = (score.mean, score.v.rmse, score.v.bias)
    components = (score.vx.rmse, score.vy.rmse)
    return [
        str(score.windows),
        *(_figure(value, 1) for value in speeds),
        _figure(score.v.kge, 2),
        *(_figure(value, 1) for value in components),
        share,
    ]


def _figure(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if math.isfinite(value) else "-"
