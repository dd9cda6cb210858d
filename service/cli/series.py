"""`ogive series`: the series at one place, computed here, without a server."""

from __future__ import annotations

from typing import Annotated

import typer

from service.cli import options
from service.cli.inversion import chosen
from service.cli.output import chosen_form, show, write_form
from workers.errors import InvalidRequest


def series(
    context: typer.Context,
    lon: Annotated[float, typer.Option(help="Longitude, degrees east.", rich_help_panel=options.PLACE)],
    lat: Annotated[float, typer.Option(help="Latitude, degrees north.", rich_help_panel=options.PLACE)],
    cube: options.Cubes = None,
    merge: Annotated[
        bool,
        typer.Option(
            "--merge",
            help="Merge the pairs of all cubes on the grid of the first, whatever their grids and CRS. "
            "Without it one cube answers.",
            rich_help_panel=options.PLACE,
        ),
    ] = False,
    observations: Annotated[
        bool, typer.Option("--observations", help="Add the raw image pairs to the JSON document.")
    ] = False,
    form: Annotated[
        options.FormOrPlot | None,
        typer.Option(
            "-f",
            "--format",
            help="Without it the name of FILE decides: .json, .csv, .nc, .parquet or .covjson. json is the "
            "very document of GET /timeseries, links aside.",
        ),
    ] = None,
    output: options.Output = None,
) -> None:
    """A regular velocity series at one place, with its interval. No server is needed.

    Times are UTC, velocities m/yr of 365 days, vx and vy along the axes of the
    cube's projection.

    Examples:
      ogive series --cube CUBE.zarr --lon -49.46 --lat 69.11 -f plot
      ogive series --cube CUBE.zarr --lon -49.46 --lat 69.11 --step P1M
      ogive series --cube A.zarr --cube B.zarr --merge --lon -49.46 --lat 69.11
      ogive series --lon -139.02 --lat 60.745 -o kaskawulsh.nc
    """
    parameters = chosen(context)
    form = "plot" if form == "plot" else chosen_form(form, output)
    from service.formats.series import document
    from workers.velocity.point import point_series

    if merge:
        further = options.further_datasets(cube or [])
        sources = options.settings(cubes=(cube[0],), datasets=further).source
        names = sorted({*parameters.further_datasets, *further})
        parameters = parameters.model_copy(update={"datasets": ",".join(names)})
    else:
        sources = options.settings(cubes=tuple(cube) if cube else None).source
    if observations and form != "json":
        raise InvalidRequest("--observations: they are told in json alone.", "observations")
    answer = document(point_series(sources, lon, lat, parameters, observations))
    if form == "plot":
        from service.cli.plot import chart

        show(lambda width: chart(answer, width), output)
    else:
        write_form(form, answer, output)
