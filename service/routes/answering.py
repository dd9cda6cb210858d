"""The answer to a request for series: from memory, from the cluster, from a product, or as a job."""

from __future__ import annotations

import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from service.catalog.conditional import named_in
from service.errors import DeadlineExceeded
from service.formats import FORMATS
from service.formats.negotiation import chosen
from service.formats.problem import absolute, problem
from service.jobs.documents import headers as job_headers
from service.jobs.documents import status_info
from service.jobs.job import Status
from service.routes.desk import Desk
from service.routes.shelf import whole
from service.security.access import check
from service.security.scopes import Scope
from service.series.answers import Member, Spent
from service.series.order import ordered_points
from service.series.prefer import Preference, preferred
from service.series.query import SeriesOptions
from service.series.representation import Representation
from service.series.stored import check_fixed, stored_members
from workers.errors import OgiveError
from workers.geojson import Place
from workers.velocity.sites import Site
from workers.velocity.stac import COLLECTION_ID

_RETRY_SECONDS = 15


async def answer(
    query: SeriesOptions, places: Sequence[Place], several: bool, desk: Desk, had: str | None
) -> Response:
    """The answer for places; `had` is what the client has of it already, as `If-None-Match` says."""
    form = query.f or chosen(desk.accept)
    query.check_format(form)
    asked, spent = Representation(form, query, places, several, desk.base), Spent()
    if query.product is not None:
        return await _from_product(asked, query.product, desk, had, spent)
    answers, settings = desk.answers, desk.settings
    wants = preferred(desk.prefer, settings.wait, settings.limit_wait)
    # Finding the place cannot become a job: a client that will not wait at all is still told where it is.
    patience = min(settings.limit_wait, max(wants.wait, settings.wait))
    sites = await answers.sites(places, query.max_distance, query.further_datasets, patience, spent)
    _raise_if_nothing(sites, several)
    asked = asked.of_sites(sites)
    if named_in(had, asked.tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=asked.headers())
    if (content := answers.written(asked.tag, len(places))) is not None:
        return _applied(_told(asked, content, asked.headers(), spent), wants)
    found = [site for site in sites if isinstance(site, Site)]
    choices = query.parameters, query.observations
    if not answers.known(found, *choices) and (wants.job or len(places) > settings.limit_points_at_once):
        return await _as_job(asked, desk, wants, spent)
    try:
        solved = iter(await answers.members(found, *choices, wants.wait, spent))
    except DeadlineExceeded:
        if Scope.run not in desk.caller.scopes:
            raise
        return await _as_job(asked, desk, wants, spent)
    members = [next(solved) if isinstance(site, Site) else site for site in sites]
    _raise_if_nothing(members, several)
    documents = [_document(member, number, desk.base) for number, member in enumerate(members)]
    response = await _written(asked, documents, spent)
    if asked.lasts(documents):
        answers.keep_written(asked.tag, response.body)
    return _applied(response, wants)


async def _from_product(
    asked: Representation, product: str, desk: Desk, had: str | None, spent: Spent
) -> Response:
    """The answer that a finished product holds."""
    check_fixed(asked.options)
    name = (await desk.catalog.get(COLLECTION_ID, product))["id"]
    asked = asked.of_product(name, f"{desk.base}/collections/{COLLECTION_ID}/items/{name}")
    if named_in(had, asked.tag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=asked.headers())
    began = time.perf_counter()
    stored = await run_in_threadpool(whole, desk.products, name)
    members = await run_in_threadpool(stored_members, desk.products, stored, asked.options, asked.places)
    _raise_if_nothing(members, asked.several)
    spent.add("read", time.perf_counter() - began)
    documents = [_document(member, number, desk.base) for number, member in enumerate(members)]
    return await _written(asked, documents, spent)


async def _as_job(asked: Representation, desk: Desk, wants: Preference, spent: Spent) -> Response:
    """202 with the job that makes what is asked for; the answer itself where that job has ended already."""
    check(desk.caller, Scope.run)
    job, reused = await desk.runner.accept(ordered_points(asked, desk.caller.owner))
    if job.status is Status.successful:
        kept = (await desk.kept.document(job.id))["series"]["members"]
        return await _written(asked, [absolute(member, desk.base) for member in kept], spent)
    more = {"Location": f"{desk.base}/jobs/{job.id}", "Retry-After": str(_RETRY_SECONDS)}
    more |= {"Preference-Applied": wants.applied} if wants.applied else {}
    return JSONResponse(status_info(job, desk.base, reused), 202, job_headers(job) | more)


async def _written(asked: Representation, documents: Sequence[dict[str, Any]], spent: Spent) -> Response:
    began = time.perf_counter()
    content = await run_in_threadpool(asked.content, documents)
    spent.add("format", time.perf_counter() - began)
    return _told(asked, content, asked.headers(documents), spent)


def _told(asked: Representation, content: bytes, headers: dict[str, str], spent: Spent) -> Response:
    timing = {"Server-Timing": spent.header}
    return Response(content, media_type=FORMATS[asked.form].media_type, headers=headers | timing)


def _applied(response: Response, wants: Preference) -> Response:
    if wants.applied and not wants.job:
        response.headers["Preference-Applied"] = wants.applied
    return response


def _document(member: Member | dict[str, Any], number: int, base: str) -> dict[str, Any]:
    if isinstance(member, dict):
        return member
    if isinstance(member, bytes):
        return orjson.loads(member)
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
