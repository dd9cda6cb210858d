"""The process `velocity-point`: series at many places as one job."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, WithJsonSchema

from workers import errors
from workers.errors import InvalidRequest, OgiveError, TooLarge
from workers.geojson import GeoJson, places_of
from workers.identity import request_sha256
from workers.plan import CubeSource, JobSize, Limits, PlannedCube
from workers.velocity.parameters import VelocityParameters
from workers.velocity.sites import MAX_DISTANCE_M, Site, groups, sites_at
from workers.velocity.sizing import STORED_BYTES

PROCESS_ID = "velocity-point"
_CHUNK_PIXELS = 100
GROUP = 10
"""Sites that one task solves at most: about a second, so that a worker is soon free again"""
Position = tuple[float, float]
_GEOJSON: TypeAdapter[Any] = TypeAdapter(GeoJson)
_PAIR = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}


def _positions(value: object) -> tuple[Position, ...]:
    """Longitudes and latitudes from a GeoJSON object or a list of pairs."""
    if isinstance(value, list | tuple):
        value = {"type": "MultiPoint", "coordinates": value}
    try:
        found = places_of(_GEOJSON.validate_python(value))
    except InvalidRequest as error:
        raise ValueError(f"{error.where}: {error.message}") from None
    if not found:
        raise ValueError("points holds no place.")
    return tuple((place.lon, place.lat) for place in found)


class VelocityPointInputs(VelocityParameters):
    """Inputs of the process `velocity-point`."""

    points: Annotated[
        tuple[Position, ...],
        BeforeValidator(_positions),
        WithJsonSchema(
            {
                "oneOf": [
                    {"type": "array", "items": _PAIR, "minItems": 1},
                    {
                        "type": "object",
                        "description": "GeoJSON: Point, MultiPoint, Feature or FeatureCollection of them",
                        "required": ["type"],
                        "properties": {
                            "type": {
                                "type": "string",
                                "enum": ["Point", "MultiPoint", "Feature", "FeatureCollection"],
                            }
                        },
                    },
                ]
            }
        ),
    ] = Field(
        description="The places: GeoJSON, or pairs of longitude and latitude in degrees.",
        examples=[{"type": "MultiPoint", "coordinates": [[-49.46, 69.13], [-49.31, 69.15]]}],
    )
    observations: bool = Field(False, description="Adds the raw image pairs of each place.", examples=[True])
    max_distance: float = Field(
        MAX_DISTANCE_M,
        ge=0,
        le=1000,
        description="How far the centre of the pixel that answers may be from the place, metres.",
        examples=[100],
    )

    @property
    def parameters(self) -> VelocityParameters:
        """The choices of the inversion alone."""
        return VelocityParameters(**self.model_dump(include=set(VelocityParameters.model_fields)))


class Refusal(BaseModel):
    """Why a place has no pixel, in a form that a plan can keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    """Name of the class in `workers.errors`"""
    args: tuple[Any, ...]

    @classmethod
    def of(cls, error: OgiveError) -> Refusal:
        """Keep an error."""
        return cls(kind=type(error).__name__, args=error.args)

    @property
    def error(self) -> OgiveError:
        """The error again."""
        return getattr(errors, self.kind)(*self.args)


class PointPlan(BaseModel):
    """Everything that a job for places needs, fixed at its start; survives a restart as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    process: str
    inputs: dict[str, Any]
    members: tuple[Site | Refusal, ...]
    """The pixel of each place in the order of the places, or why there is none"""
    request_sha256: str
    version: int = 1
    predecessor: str | None = None

    @property
    def sites(self) -> list[Site]:
        """The pixels alone."""
        return [member for member in self.members if isinstance(member, Site)]

    @property
    def groups(self) -> list[list[int]]:
        """The tasks: the numbers among `sites` of those that each solves."""
        return groups(self.sites, GROUP)

    @property
    def blocks(self) -> int:
        """Tasks, the unit of progress."""
        return len(self.groups)

    @property
    def cubes(self) -> tuple[PlannedCube, ...]:
        """The cubes that answer, each once."""
        return tuple({site.cube.reference.id: site.cube for site in self.sites}.values())

    @property
    def pixels(self) -> int:
        """Places that are computed."""
        return len(self.sites)


def plan_points(inputs: dict[str, Any], source: CubeSource, limits: Limits) -> PointPlan:
    """Plan the series of places.

    Raises:
        TooLarge: there are more places than the limit.
        OgiveError: of the first place, where no place has a pixel.
    """
    request = VelocityPointInputs.model_validate(inputs)
    if len(request.points) > limits.max_points:
        raise TooLarge(
            f"{len(request.points)} places are over the {limits.max_points} of one job; send them in parts.",
            {"max_points": limits.max_points},
            [],
        )
    return planned_points(request, _sites(request, source))


def size_points(inputs: dict[str, Any], source: CubeSource) -> JobSize:
    """The size of a job for places, from metadata alone.

    Raises:
        OgiveError: of the first place, where no place has a pixel.
    """
    request = VelocityPointInputs.model_validate(inputs)
    plan = planned_points(request, _sites(request, source))
    layers = [site.cube.layers for site in plan.sites]
    chunks = {(site.cube.reference.id, site.chunk): site.cube.layers for site in plan.sites}
    return JobSize(
        pixels=plan.pixels,
        blocks=plan.blocks,
        layers=tuple(layers),
        read_bytes=round(sum(chunks.values()) * _CHUNK_PIXELS * STORED_BYTES),
        write_bytes=0,
    )


def _sites(request: VelocityPointInputs, source: CubeSource) -> list[Site | OgiveError]:
    return sites_at(source, request.points, request.max_distance, request.further_datasets)


def planned_points(request: VelocityPointInputs, found: list[Site | OgiveError]) -> PointPlan:
    """The plan of a request whose pixels are known.

    Raises:
        OgiveError: of the first place, where no place has a pixel.
    """
    if all(isinstance(member, OgiveError) for member in found):
        raise found[0]
    members = tuple(each if isinstance(each, Site) else Refusal.of(each) for each in found)
    canonical = request.model_dump(mode="json")
    refused = {
        f"refused {n}": str(each.args[0]) for n, each in enumerate(members) if isinstance(each, Refusal)
    }
    prints = {
        name: hash_ for site in members if isinstance(site, Site) for name, hash_ in site.fingerprints.items()
    }
    return PointPlan(
        process=PROCESS_ID,
        inputs=canonical,
        members=members,
        request_sha256=request_sha256(PROCESS_ID, canonical, prints | refused),
    )
