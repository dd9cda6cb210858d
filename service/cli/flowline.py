"""`ogive flowline`: the series along a line, computed here, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli import options
from service.cli.inversion import chosen
from service.cli.output import chosen_form, progress, write_form
from workers.errors import InvalidRequest, OgiveError

if TYPE_CHECKING:
    from geojson_pydantic.geometries import LineString

    from workers.velocity.line import LineSeries


def flowline(
    context: typer.Context,
    line: Annotated[
        str,
        typer.Option(
            metavar="FILE_OR_PLACES",
            help="GeoJSON with one LineString, or its places: 'LON,LAT LON,LAT ...', degrees.",
            rich_help_panel=options.PLACE,
        ),
    ],
    spacing: Annotated[
        float,
        typer.Option(
            metavar="METRES",
            help="Between points along the ground; at most 500 points.",
            rich_help_panel=options.PLACE,
        ),
    ],
    cube: options.Cubes = None,
    form: Annotated[
        options.Form | None,
        typer.Option(
            "-f",
            "--format",
            help="Without it the name of FILE decides: .json, .csv, .nc, .parquet or .covjson. json is the "
            "very document of POST /timeseries, links aside.",
        ),
    ] = None,
    output: options.Output = None,
) -> None:
    """Series at equal distances along a line, and the table of speeds and their anomalies.

    Each point answers as `ogive series` does there. Anomalies are against the
    mean over time at the point, in m/yr and as a part of it. A point outside all
    cubes has a problem in place of its series, and its row is empty.

    Examples:
      ogive flowline --cube CUBE.zarr --line flowline.geojson --spacing 500 -o flowline.nc
      ogive flowline --line="-139.03,60.74 -139.01,60.75" --spacing 250 --step P1M -f csv
    """
    parameters = chosen(context)
    form = chosen_form(form, output)
    coordinates = _places(line) or read_line(Path(line)).coordinates
    from workers.velocity.flowline import line_series

    sources = options.settings(cubes=tuple(cube) if cube else None).source
    with progress("Flowline", "pixels") as report:
        answer = line_series(sources, coordinates, spacing, parameters, report)
    write_form(form, document(answer), output)


def document(line: LineSeries) -> dict[str, Any]:
    """What POST /timeseries answers for the line, links and the addresses of problems aside."""
    from service.formats.places import along, at_places
    from service.formats.problem import problem
    from service.formats.series import document as of_point

    members = [
        problem(each, "", f"#/members/{number}").document if isinstance(each, OgiveError) else of_point(each)
        for number, each in enumerate(line.answers)
    ]
    points = line.points
    return at_places(members, along(points.lon.tolist(), points.lat.tolist(), points.distance.tolist()), True)


def _places(text: str) -> list[tuple[float, float]] | None:
    """The places of a line that is written out; None where the text is something else."""
    try:
        return [(float(lon), float(lat)) for lon, lat in (place.split(",") for place in text.split())]
    except ValueError:
        return None


def read_line(path: Path) -> LineString:
    """The one line of a GeoJSON file: a geometry, a feature, or a collection that holds one.

    Raises:
        InvalidRequest: the file cannot be read, is no GeoJSON, or holds no line or several.
    """
    from geojson_pydantic import Feature, FeatureCollection
    from geojson_pydantic.geometries import Geometry, LineString
    from pydantic import TypeAdapter, ValidationError

    try:
        text = path.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"--line: {path} cannot be read: {error.strerror}.", "line") from None
    try:
        found = TypeAdapter(FeatureCollection | Feature | Geometry).validate_json(text)
    except ValidationError:
        raise InvalidRequest(f"--line: {path} is no GeoJSON that can be understood.", "line") from None
    features = found.features if isinstance(found, FeatureCollection) else [found]
    geometries = [each.geometry if isinstance(each, Feature) else each for each in features]
    lines = [each for each in geometries if isinstance(each, LineString)]
    if len(lines) != 1:
        raise InvalidRequest(f"--line: {path} holds {len(lines)} LineStrings; one is needed.", "line")
    return lines[0]
