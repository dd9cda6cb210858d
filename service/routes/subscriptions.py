"""Subscriptions: places whose series is looked at again and again, and who is told when it changes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from service.dependencies import AnswersDep, BaseUrl, LookoutDep, SettingsDep, SubscriptionsDep
from service.paging import check_limit, links_of, number
from service.security.access import CallerDep, Run, check_owner, listed_for
from service.series.answers import Answers, Spent
from service.series.representation import Representation
from service.settings import Settings
from service.subscriptions.asking import Subscribe, wish
from service.subscriptions.room import Room
from service.subscriptions.subscription import document
from workers.errors import OgiveError

router = APIRouter(tags=["subscriptions"])
_FRESH = {"Cache-Control": "no-store"}


class SubscriptionsQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(10, ge=1, description="Subscriptions a page.", examples=[100])
    token: str | None = Field(
        None, description="Where the page starts, from a next link.", examples=["YmVmb3JlOjQy"]
    )


@router.post(
    "/subscriptions",
    operation_id="subscribe",
    summary="Be told when the series at a place changes",
    status_code=201,
    dependencies=[Run],
    responses={
        200: {"description": "The subscription that an equal request of the same caller made"},
        201: {"description": "The subscription; Location leads to it"},
    },
)
async def subscribe(
    request: Request,
    body: Subscribe,
    subscriptions: SubscriptionsDep,
    lookout: LookoutDep,
    answers: AnswersDep,
    settings: SettingsDep,
    base: BaseUrl,
    caller: CallerDep,
) -> JSONResponse:
    """Watch a place: its series is computed now, and again whenever the cubes there have changed.

    What there is to tell is sent by POST: the subscription, why, and the series as /timeseries answers it.
    It is told once for each state of the cubes, signed and tried again as callbacks of jobs are.
    """
    request.state.parameters = "body.inputs"
    wanted, made = wish(body, caller.owner, base), False
    found = await subscriptions.equal(wanted.request_sha256)
    if found is None:
        await _check_place(wanted.watched, answers, settings)
        room = Room(settings.limit_subscriptions, settings.limit_subscriptions_caller)
        found, made = await subscriptions.add(wanted, room)
        lookout.wake()
    headers = _FRESH | {"Location": f"{base}/subscriptions/{found.id}"}
    return JSONResponse(document(found, base), 201 if made else 200, headers)


@router.get("/subscriptions", operation_id="get_subscriptions", summary="All subscriptions")
async def get_subscriptions(
    query: Annotated[SubscriptionsQuery, Query()],
    subscriptions: SubscriptionsDep,
    settings: SettingsDep,
    base: BaseUrl,
    caller: CallerDep,
) -> JSONResponse:
    """A page of the caller's subscriptions, newest first; with the scope admin those of everybody."""
    check_limit(query.limit, settings.limit_list)
    before = None if query.token is None else number(query.token)
    page, rest = await subscriptions.page(query.limit, listed_for(caller, "subscriptions"), before)
    asked = query.model_dump(exclude_unset=True, exclude_none=True)
    links = links_of(f"{base}/subscriptions", asked, rest)
    told = {"subscriptions": [document(one, base) for one in page], "links": links}
    return JSONResponse(told, headers=_FRESH)


@router.get("/subscriptions/{subscription_id}", operation_id="get_subscription", summary="One subscription")
async def get_subscription(
    subscription_id: str, subscriptions: SubscriptionsDep, base: BaseUrl, caller: CallerDep
) -> JSONResponse:
    """What is watched, when it was last looked at and told, and where its series is."""
    found = await subscriptions.get(subscription_id)
    check_owner(caller, found.owner, f"Subscription {found.id}")
    return JSONResponse(document(found, base), headers=_FRESH)


@router.delete(
    "/subscriptions/{subscription_id}",
    operation_id="unsubscribe",
    summary="End a subscription",
    status_code=204,
    dependencies=[Run],
    responses={204: {"description": "It is looked at no more, and nothing of it is told any more"}},
)
async def unsubscribe(subscription_id: str, subscriptions: SubscriptionsDep, caller: CallerDep) -> Response:
    """Look no more, and tell no more."""
    found = await subscriptions.get(subscription_id)
    check_owner(caller, found.owner, f"Subscription {found.id}")
    await subscriptions.drop(found.id)
    return Response(status_code=204)


async def _check_place(asked: Representation, answers: Answers, settings: Settings) -> None:
    """Refuse a place that has no pixel."""
    query = asked.options
    sites = await answers.sites(
        asked.places, query.max_distance, query.further_datasets, settings.limit_wait, Spent()
    )
    if isinstance(sites[0], OgiveError):
        raise sites[0]
