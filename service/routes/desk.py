"""What the answering of series takes from the running service and from the headers of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from service.catalog.store import Catalog
from service.dependencies import AnswersDep, BaseUrl, OutcomesDep, RunnerDep, SettingsDep
from service.jobs.results import JobResults
from service.jobs.runner import Runner
from service.routes.store import ProductsDep
from service.security.access import CallerDep
from service.security.caller import Caller
from service.series.answers import Answers
from service.settings import Settings
from workers.products.store import ProductStore


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering takes beside the request's own words."""

    answers: Answers
    runner: Runner
    kept: JobResults
    catalog: Catalog
    products: ProductStore
    settings: Settings
    caller: Caller
    base: str
    accept: str
    prefer: str


async def _desk(
    answers: AnswersDep,
    runner: RunnerDep,
    outcomes: OutcomesDep,
    products: ProductsDep,
    settings: SettingsDep,
    caller: CallerDep,
    base: BaseUrl,
    accept: Annotated[
        str, Header(description="Media types by liking, where f names no format.", examples=["text/csv"])
    ] = "*/*",
    prefer: Annotated[
        str,
        Header(
            description="`wait=n`: seconds that the answer may take; `respond-async`: rather a job.",
            examples=["wait=5"],
        ),
    ] = "",
) -> Desk:
    return Desk(
        answers, runner, outcomes.kept, outcomes.catalog, products, settings, caller, base, accept, prefer
    )


DeskDep = Annotated[Desk, Depends(_desk)]
