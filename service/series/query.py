"""What a request for series may say beside the places."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from service.formats import FORMATS
from service.formats.places import along
from service.formats.shape import VARIABLES
from workers.errors import InvalidRequest, TooLarge
from workers.geojson import Line, Place
from workers.lines import walk
from workers.regions import from_grid
from workers.velocity.parameters import VelocityParameters
from workers.velocity.sites import MAX_DISTANCE_M


def _numbers(text: str, told: ValidationInfo) -> str:
    """A comma list of numbers in its shortest form."""
    return ",".join(repr(_number(part.strip(), told.field_name)) for part in text.split(","))


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} should be a valid number, or several by comma; {text!r} is not.") from None
    if not math.isfinite(value):
        raise ValueError(f"{name} should be a finite number; {text!r} is not.")
    limit = {"lon": 180, "lat": 90}.get(name, math.inf)
    if abs(value) > limit:
        bound = f"less than or equal to {limit}" if value > 0 else f"greater than or equal to -{limit}"
        raise ValueError(f"{name} should be {bound}; {text!r} is not.")
    return value


def _variables(text: str) -> str:
    """A comma list of variables in the usual order."""
    asked = {part.strip() for part in text.split(",")}
    if unknown := sorted(asked - set(VARIABLES)):
        raise ValueError(f"variables names {', '.join(unknown)}; there are {', '.join(VARIABLES)}.")
    return ",".join(name for name in VARIABLES if name in asked)


Numbers = Annotated[str, AfterValidator(_numbers)]


class SeriesOptions(VelocityParameters):
    """How series are computed and told."""

    variables: Annotated[str, AfterValidator(_variables)] = Field(
        ",".join(VARIABLES),
        description="Columns of the series, by comma; time, start and end are always there.",
        examples=["v,vx,vy,v_error,count"],
    )
    observations: bool = Field(
        False,
        description="Adds the raw image pairs, with the weight that each got. In json only.",
        examples=[True],
    )
    max_distance: float = Field(
        MAX_DISTANCE_M,
        ge=0,
        le=1000,
        allow_inf_nan=False,
        description="How far the centre of the pixel that answers may be from the place, metres.",
        examples=[100],
    )
    f: Literal[tuple(FORMATS)] | None = Field(
        None,
        description="The format; without it the header Accept decides, and json where that leaves a choice.",
        examples=["csv"],
    )
    orient: Literal["columns", "records"] = Field(
        "columns",
        description="json as one document of columns, or as a bare list of records, which dashboards read.",
        examples=["records"],
    )
    timeformat: Literal["iso8601", "unixms"] = Field(
        "iso8601",
        description="Times as RFC 3339 in UTC, or as milliseconds since 1970 (json and csv).",
        examples=["unixms"],
    )

    product: str | None = Field(
        None,
        description="Id of a finished product to read the series from: nothing is computed then, and the "
        "answer is never a job.",
        examples=["ogive_EPSG32607_X609000_Y6736080_20150101_20241231_P30D_v1_1f0c6e7d"],
    )

    @cached_property
    def parameters(self) -> VelocityParameters:
        """The choices of the inversion alone."""
        return VelocityParameters(**self.model_dump(include=set(VelocityParameters.model_fields)))

    def check_format(self, name: str) -> None:
        """Refuse what a format cannot do.

        Raises:
            InvalidRequest: naming the parameter and the formats that can.
        """
        if self.orient == "records" and name != "json":
            raise InvalidRequest(f"orient=records is for json, not for {name}.", "orient")
        if self.timeformat != "iso8601" and not FORMATS[name].text:
            raise InvalidRequest(
                f"{name} has times of its own; timeformat is for json and csv.", "timeformat"
            )
        if self.observations and (name != "json" or self.orient == "records"):
            raise InvalidRequest("observations are told in json with orient=columns alone.", "observations")


class LineQuery(SeriesOptions):
    """A request for series whose places stand in its body."""

    spacing: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Metres along the ground between the places of a LineString.",
        examples=[500],
    )

    def along(self, line: Line, most: int) -> list[Place]:
        """The places along a line, each with its distance from the beginning.

        Raises:
            InvalidRequest: spacing is missing or longer than the line.
            TooLarge: it makes more than `most` places.
        """
        if self.spacing is None:
            raise InvalidRequest("spacing is missing; a LineString needs it, in metres.", "spacing")
        points = walk(line, self.spacing, most)
        return along(points.lon.tolist(), points.lat.tolist(), points.distance.tolist())

    def check_no_line(self) -> None:
        """Refuse a spacing where there is no line.

        Raises:
            InvalidRequest: there is one.
        """
        if self.spacing is not None:
            raise InvalidRequest("spacing is for a LineString.", "spacing")


class SeriesQuery(SeriesOptions):
    """A request for series that names its places in the query."""

    lon: Numbers | None = Field(
        None, description="Longitude, degrees; several by comma.", examples=["-49.46", "-49.46,-49.31"]
    )
    lat: Numbers | None = Field(
        None, description="Latitude, degrees; as many as lon.", examples=["69.13", "69.13,69.11"]
    )
    x: Numbers | None = Field(
        None,
        description="In place of lon and lat: projected x in crs, metres; several by comma.",
        examples=["-150052.5"],
    )
    y: Numbers | None = Field(
        None, description="Projected y in crs, metres; as many as x.", examples=["-2250067.5"]
    )
    crs: str | None = Field(
        None,
        pattern=r"^EPSG:\d{4,6}$",
        description="Coordinate reference system of x and y.",
        examples=["EPSG:3413"],
    )

    def places(self, most: int) -> list[Place]:
        """The places that the query names.

        Raises:
            InvalidRequest: none, lists of unequal length, or both kinds of coordinates.
            TooLarge: more than `most`.
        """
        projected = [name for name in ("x", "y", "crs") if getattr(self, name) is not None]
        names = ("x", "y") if projected else ("lon", "lat")
        if projected and (self.lon is not None or self.lat is not None):
            raise InvalidRequest("Give either lon and lat, or x, y and crs.", projected[0])
        for name in (*names, "crs") if projected else names:
            if getattr(self, name) is None:
                raise InvalidRequest(f"{name} is missing.", name)
        first, second = ([float(part) for part in getattr(self, name).split(",")] for name in names)
        if len(first) != len(second):
            raise InvalidRequest(
                f"{names[0]} has {len(first)} numbers and {names[1]} {len(second)}; give as many of each.",
                names[1],
            )
        if len(first) > most:
            raise TooLarge(
                f"{len(first)} places are over the {most} of one GET; send them by POST /timeseries.",
                {"points_at_once": most},
                [],
            )
        if not projected:
            return [Place(lon, lat) for lon, lat in zip(first, second, strict=True)]
        return [
            Place(*from_grid(x, y, self.crs), {"x": x, "y": y, "crs": self.crs})
            for x, y in zip(first, second, strict=True)
        ]

    @property
    def several(self) -> bool:
        """Whether the answer is a collection."""
        return "," in (self.lon or self.x or "")
