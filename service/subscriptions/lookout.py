"""Looks at what subscriptions watch: fingerprints from metadata, and the series only where these changed."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool

from service.database import away, reason
from service.formats.problem import problem, unexpected
from service.formats.series import dumps
from service.jobs.job import now
from service.observability.measures import LOOKS
from service.rounds import Rounds
from service.series.answers import Answers, Spent
from service.series.representation import Representation
from service.subscriptions.asking import Subscribe, watched
from service.subscriptions.rule import accelerated, comparison
from service.subscriptions.store import SubscriptionStore
from service.subscriptions.subscription import Subscription, document
from workers.errors import OgiveError
from workers.velocity.sites import Site

_AT_ONCE = 4
_PATIENCE_SECONDS = 60.0
"""For the place and for its series: less, twice, than the term of a look"""
_POLL_SECONDS = 2.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look found where the fingerprints changed."""

    content: bytes
    """The answer of `/timeseries`"""
    series_sha256: str
    comparison: dict[str, Any] | None


class Lookout:
    """Looks at each subscription when it is due, some at once. Several services may do so on one database."""

    def __init__(self, store: SubscriptionStore, answers: Answers, on_letter: Callable[[], None]) -> None:
        """`on_letter` is called after there is something to tell."""
        self._store, self._answers, self._on_letter = store, answers, on_letter
        failed = "Subscriptions could not be looked at"
        self._rounds = Rounds(partial(store.due, _AT_ONCE), self._look, _POLL_SECONDS, _log, failed)
        self._begun: dict[str, Subscription] = {}

    def wake(self) -> None:
        """Look now for what is due."""
        self._rounds.wake()

    async def work(self) -> None:
        """Look for as long as the service lives."""
        await self._rounds.work()

    async def close(self) -> None:
        """Give back the looks that were broken off, for another service to do them at once."""
        try:
            for mine in self._begun.values():
                await self._store.give_back(mine)
        except Exception as error:
            if not away(error):
                raise
            # They are done again after their term.
            _log.warning("Subscriptions could not be given back: %s", reason(error))

    async def _look(self, due: Subscription) -> None:
        # Noted before it is claimed: a claim that is broken off may have been written.
        self._begun[due.id] = replace(due, looks=due.looks + 1)
        if (mine := await self._store.claim(due)) is not None:
            await self._look_or_tell(mine)
        del self._begun[due.id]

    async def _look_or_tell(self, mine: Subscription) -> None:
        instance = f"urn:uuid:{mine.id}"
        try:
            await self._look_at(mine)
        except OgiveError as error:
            LOOKS.labels("failed").inc()
            await self._store.looked(mine, problem=problem(error, "", instance, "body.inputs").document)
        except Exception as error:
            if away(error):
                raise
            LOOKS.labels("failed").inc()
            _log.exception("Subscription %s could not be looked at", mine.id)
            await self._store.looked(mine, problem=unexpected(instance).document)

    async def _look_at(self, mine: Subscription) -> None:
        asked = watched(Subscribe.model_validate(mine.request), mine.base)
        query, spent = asked.options, Spent()
        datasets = query.further_datasets
        (site,) = await self._answers.sites(
            asked.places, query.max_distance, datasets, _PATIENCE_SECONDS, spent
        )
        if not isinstance(site, Site):
            raise site
        if site.fingerprints == mine.fingerprints:
            LOOKS.labels("same").inc()
            await self._store.looked(mine, looked=now(), problem=None)
            return
        seen = await self._seen(asked, site, spent)
        LOOKS.labels("computed").inc()
        values = {
            "looked": now(),
            "fingerprints": site.fingerprints,
            "series_sha256": seen.series_sha256,
            "comparison": seen.comparison,
            "problem": None,
        }
        if (why := _why(mine, seen)) is None:
            await self._store.looked(mine, **values)
            return
        told = document(replace(mine, **values), mine.base)
        letter = orjson.dumps({"subscription": told, **why, "series": orjson.Fragment(seen.content)})
        await self._store.looked(mine, (f"of the {mine.request['when']}", letter), **values)
        self._on_letter()

    async def _seen(self, asked: Representation, site: Site, spent: Spent) -> Seen:
        """The answer that `/timeseries` has by now, kept for the next who asks it."""
        query = asked.options
        (member,) = await self._answers.members(
            [site], query.parameters, query.observations, _PATIENCE_SECONDS, spent
        )
        if isinstance(member, OgiveError):
            raise member
        of_site = asked.of_sites([site])
        seen = await run_in_threadpool(_read, of_site, member)
        self._answers.keep_written(of_site.tag, seen.content)
        return seen


def _read(asked: Representation, member: bytes) -> Seen:
    made = orjson.loads(member)
    columns = made["series"]
    digest = hashlib.sha256(dumps(columns)).hexdigest()
    return Seen(asked.content([made]), digest, comparison(columns))


def _why(before: Subscription, seen: Seen) -> dict[str, str] | None:
    """Why the subscriber is told of what a look found; None where there is nothing to tell."""
    if seen.series_sha256 == before.series_sha256:
        return None
    if before.request["when"] == "change":
        if before.series_sha256 is None:
            return None
        return {
            "why": "change",
            "message": f"The series differs from that of {before.looked:%Y-%m-%d %H:%M} UTC.",
        }
    found = seen.comparison
    if not accelerated(found, before.request["percent"]):
        return None
    message = (
        f"{found['v']:g} m/yr at {found['time'][:10]} is {found['percent']:g} % above the mean of the year "
        f"before, {found['v_before']:g} m/yr, and the intervals do not meet."
    )
    return {"why": "acceleration", "message": message}
