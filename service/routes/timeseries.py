"""Series at places: what a GET and a POST may ask, and the schema of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response
from geojson_pydantic import Point

from service.formats import FORMATS
from service.formats.series import COLLECTION_SCHEMA, SCHEMA, schema
from service.routes.answering import answer
from service.routes.desk import DeskDep
from service.series.query import LineQuery, SeriesQuery
from workers.errors import TooLarge
from workers.geojson import GeoJson, Place, PlaceFeature, line_of, places_of

router = APIRouter(tags=["series"])
_ANSWERS = {
    200: {"content": {made.media_type: {} for made in FORMATS.values()}},
    202: {"description": "The job that makes the answer; the same request has it once the job has ended"},
    304: {"description": "What the client has is still true"},
}


@router.get(
    "/timeseries", operation_id="get_timeseries", summary="Velocity series at places", responses=_ANSWERS
)
async def get_timeseries(request: Request, query: Annotated[SeriesQuery, Query()], desk: DeskDep) -> Response:
    """A regular series of ice velocity with errors, at the pixel that holds a place, inverted on request.

    Several places make a collection, whose members stand in the order of the places; a member that failed is
    a problem in place of its series.
    """
    places = query.places(desk.settings.limit_points_at_once)
    return await answer(query, places, query.several, desk, request.headers.get("If-None-Match"))


@router.post(
    "/timeseries",
    operation_id="post_timeseries",
    summary="Velocity series at the places of a GeoJSON object",
    responses=_ANSWERS,
)
async def post_timeseries(
    request: Request,
    query: Annotated[LineQuery, Query()],
    body: Annotated[
        GeoJson,
        Body(
            openapi_examples={
                "point": {"value": {"type": "Point", "coordinates": [-49.46, 69.13]}},
                "line": {
                    "summary": "A flowline; needs spacing",
                    "value": {"type": "LineString", "coordinates": [[-49.46, 69.13], [-49.31, 69.15]]},
                },
            }
        ),
    ],
    desk: DeskDep,
) -> Response:
    """As GET, for a Point, MultiPoint, Feature, FeatureCollection, or every `spacing` metres of a LineString.

    A Point makes one series, all else a collection in the order of the places.
    """
    request.state.parameters = "body"
    line = line_of(body)
    places = places_of(body) if line is None else []
    request.state.parameters = "query"
    if line is None:
        query.check_no_line()
    else:
        places = query.along(line, desk.settings.limit_points)
    _check_number(places, desk.settings.limit_points)
    geometry = body.geometry if isinstance(body, PlaceFeature) else body
    return await answer(query, places, not isinstance(geometry, Point), desk, None)


def _check_number(places: Sequence[Place], most: int) -> None:
    if len(places) > most:
        message = f"{len(places)} places are over the {most} of one request; send them in parts."
        raise TooLarge(message, {"max_points": most}, [])


@router.get(f"/{SCHEMA}", operation_id="get_timeseries_schema", summary="JSON Schema of a series")
async def get_schema() -> JSONResponse:
    """What the JSON of `/timeseries` holds for one place, in JSON Schema 2020-12."""
    return _schema(SCHEMA)


@router.get(
    f"/{COLLECTION_SCHEMA}",
    operation_id="get_collection_schema",
    summary="JSON Schema of a collection of series",
)
async def get_collection_schema() -> JSONResponse:
    """What the JSON of `/timeseries` holds for several places and along a line, in JSON Schema 2020-12."""
    return _schema(COLLECTION_SCHEMA)


def _schema(name: str) -> JSONResponse:
    headers = {"Cache-Control": "public, max-age=3600"}
    return JSONResponse(schema(name), media_type="application/schema+json", headers=headers)
