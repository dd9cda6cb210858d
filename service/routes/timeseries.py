"""The series at a point: parse, compute, format."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from service.catalog.conditional import etag, named_in
from service.dependencies import BaseUrl, ClusterDep, SettingsDep, TasksDep
from service.formats import FORMATS
from service.formats.negotiation import chosen
from service.formats.series import SCHEMA, document, schema
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import PointSeries

router = APIRouter(tags=["series"])
_CACHE = "public, max-age=3600, stale-while-revalidate=86400"
_CITE = "https://doi.org/10.5194/tc-19-4555-2025"


class SeriesQuery(VelocityParameters):
    """What a request for a series may say."""

    lon: float = Field(
        ge=-180, le=180, allow_inf_nan=False, description="Longitude, degrees.", examples=[-49.46]
    )
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, description="Latitude, degrees.", examples=[69.13])
    observations: bool = Field(False, description="Adds the raw image pairs, with the weight that each got.")
    f: Literal["json", "csv"] | None = Field(
        None,
        description="The format; without it the header Accept decides, and json where that leaves a choice.",
    )

    @property
    def parameters(self) -> VelocityParameters:
        """The choices of the inversion alone."""
        return VelocityParameters(**self.model_dump(include=set(VelocityParameters.model_fields)))


@router.get(
    "/timeseries",
    operation_id="get_timeseries",
    summary="Velocity series at a point",
    responses={200: {"content": {made.media_type: {} for made in FORMATS.values()}}},
)
async def get_timeseries(
    request: Request,
    query: Annotated[SeriesQuery, Query()],
    cluster: ClusterDep,
    settings: SettingsDep,
    tasks: TasksDep,
    base: BaseUrl,
    accept: Annotated[str, Header()] = "*/*",
) -> Response:
    """A regular series of ice velocity with errors, at the pixel that holds a place, inverted on request."""
    name = query.f or chosen(accept)
    point = await cluster.call(
        tasks.point_series,
        settings.source,
        query.lon,
        query.lat,
        query.parameters,
        query.observations,
        key=_key(query),
        within=settings.limit_wait,
    )
    made = FORMATS[name]
    content = made.write(document(point, _links(point, query, base))).encode()
    headers = {
        "ETag": etag(content),
        "Cache-Control": _CACHE,
        "Vary": "Accept",
        "Link": f'<{_CITE}>; rel="cite-as"',
        "Server-Timing": ", ".join(f"{stage};dur={1000 * s:.1f}" for stage, s in point.timings.items()),
    }
    if named_in(request.headers.get("If-None-Match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=made.media_type, headers=headers)


@router.get(f"/{SCHEMA}", operation_id="get_timeseries_schema", summary="JSON Schema of a series")
async def get_schema() -> JSONResponse:
    """What the JSON of `/timeseries` holds, in JSON Schema 2020-12."""
    return JSONResponse(
        schema(), media_type="application/schema+json", headers={"Cache-Control": "public, max-age=3600"}
    )


def _key(query: SeriesQuery) -> str:
    """Equal requests at the same time share one computation, whatever their formats."""
    asked = query.model_dump_json(exclude={"f"})
    return f"point-{hashlib.sha256(asked.encode()).hexdigest()}"


def _links(point: PointSeries, query: SeriesQuery, base: str) -> list[dict[str, str]]:
    asked = query.model_dump(mode="json", exclude_unset=True, exclude={"f"})
    here = f"{base}/timeseries?{urlencode(asked | ({'f': query.f} if query.f else {}), safe=',:/')}"
    links = [
        {"rel": "self", "href": here, "type": FORMATS["json"].media_type},
        {
            "rel": "alternate",
            "href": f"{base}/timeseries?{urlencode(asked | {'f': 'csv'}, safe=',:/')}",
            "type": FORMATS["csv"].media_type,
        },
        {"rel": "describedby", "href": f"{base}/{SCHEMA}", "type": "application/schema+json"},
        {"rel": "cite-as", "href": _CITE},
    ]
    if point.item_href is not None:
        links.insert(2, {"rel": "via", "href": point.item_href, "type": "application/geo+json"})
    return links
