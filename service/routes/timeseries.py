"""Series at places: parse, compute, format."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from service.catalog.conditional import named_in
from service.dependencies import AnswersDep, BaseUrl, SettingsDep
from service.formats import FORMATS
from service.formats.negotiation import chosen
from service.formats.series import SCHEMA, schema
from service.problems import problem
from service.series.answers import Member, Spent
from service.series.prefer import Preference, preferred
from service.series.query import SeriesQuery
from service.series.representation import Representation
from workers.errors import OgiveError
from workers.velocity.sites import Site

router = APIRouter(tags=["series"])
_ANSWERS = {200: {"content": {made.media_type: {} for made in FORMATS.values()}}}


@router.get(
    "/timeseries", operation_id="get_timeseries", summary="Velocity series at places", responses=_ANSWERS
)
async def get_timeseries(
    request: Request,
    query: Annotated[SeriesQuery, Query()],
    answers: AnswersDep,
    settings: SettingsDep,
    base: BaseUrl,
    accept: Annotated[str, Header()] = "*/*",
    prefer: Annotated[str, Header()] = "",
) -> Response:
    """A regular series of ice velocity with errors, at the pixel that holds a place, inverted on request.

    Several places make a collection, whose members stand in the order of the places; a member that failed is
    a problem in place of its series.
    """
    form = query.f or chosen(accept)
    query.check_format(form)
    places = query.places(settings.limit_points_at_once)
    wants, spent = preferred(prefer, settings.wait, settings.limit_wait), Spent()
    sites = await answers.sites(places, query.max_distance, settings.limit_wait, spent)
    _raise_if_nothing(sites, query.several)
    asked = Representation(form, query, places, query.several, sites, base)
    if named_in(request.headers.get("If-None-Match"), asked.tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=asked.headers())
    found = [site for site in sites if isinstance(site, Site)]
    solved = iter(await answers.members(found, query.parameters, query.observations, wants.wait, spent))
    members = [next(solved) if isinstance(site, Site) else site for site in sites]
    _raise_if_nothing(members, query.several)
    return await _written(asked, members, spent, wants)


async def _written(
    asked: Representation, members: Sequence[Member], spent: Spent, wants: Preference
) -> Response:
    began = time.perf_counter()
    documents = [_document(member, number, asked.base) for number, member in enumerate(members)]
    content = await run_in_threadpool(asked.content, documents)
    spent.add("format", time.perf_counter() - began)
    headers = asked.headers(members) | {"Server-Timing": spent.header}
    if wants.applied and not wants.job:
        headers["Preference-Applied"] = wants.applied
    return Response(content, media_type=FORMATS[asked.form].media_type, headers=headers)


def _document(member: Member, number: int, base: str) -> dict[str, Any]:
    if isinstance(member, bytes):
        return json.loads(member)
    return problem(member, base, f"#/members/{number}").document


def _raise_if_nothing(members: Sequence[object], several: bool) -> None:
    """One place that failed, or an outage that none of several places escaped, is the failure of the whole.

    Raises:
        OgiveError: of the first place.
    """
    if all(isinstance(member, OgiveError) for member in members):
        statuses = [problem(member, "", "").status for member in members]
        if not several or min(statuses) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise members[0]


@router.get(f"/{SCHEMA}", operation_id="get_timeseries_schema", summary="JSON Schema of a series")
async def get_schema() -> JSONResponse:
    """What the JSON of `/timeseries` holds, in JSON Schema 2020-12."""
    return JSONResponse(
        schema(), media_type="application/schema+json", headers={"Cache-Control": "public, max-age=3600"}
    )
