"""Series for places, from memory where they were made lately, else from the cluster; equal ones made once."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from service.cluster import Cluster
from service.errors import DeadlineExceeded
from service.formats.series import document, dumps
from service.kept import KeptLately
from service.observability import measures
from service.settings import Settings
from service.tasks import Tasks
from workers.errors import CubeChanged, NoCube, OgiveError
from workers.geojson import Place
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import series_sha256
from workers.velocity.point_process import GROUP
from workers.velocity.sites import Site, groups

_SITES_KEPT, _SITES_S = 2_000, 300.0
"""How long a place may be answered for by the cube that was there: as long as workers keep its metadata"""
_log = logging.getLogger(__name__)

Member = bytes | OgiveError
"""The JSON document of one series without links and with all variables, or why there is none"""


@dataclass(slots=True)
class Spent:
    """Seconds by stage, for `Server-Timing`."""

    stages: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0.0))

    def add(self, stage: str, seconds: float) -> None:
        """Count seconds in."""
        self.stages[stage] += seconds

    @property
    def header(self) -> str:
        """`catalogue;dur=0.0, ...` in milliseconds."""
        return ", ".join(f"{stage};dur={1000 * seconds:.1f}" for stage, seconds in self.stages.items())


_STAGES = ("catalogue", "queue", "read", "solve", "format")


class Answers:
    """Finds the pixels of places and the series of pixels.

    Series are kept by what makes them the same (place, parameters, method, fingerprint of the cubes), and the
    bytes made of them by their strong entity tag, so that neither grows stale; which cube answers for a place
    is asked again every five minutes.
    """

    def __init__(self, cluster: Cluster, tasks: Tasks, settings: Settings) -> None:
        self._cluster, self._tasks, self._settings = cluster, tasks, settings
        self._sites: KeptLately[tuple, Site | OgiveError] = KeptLately(_SITES_KEPT, lifetime_s=_SITES_S)
        self._members: KeptLately[str, bytes] = KeptLately(settings.series_cache, len)
        self._written: KeptLately[str, bytes] = KeptLately(settings.series_cache // 2, len)
        self._solving: dict[str, asyncio.Task[list[Member]]] = {}

    async def sites(
        self,
        places: Sequence[Place],
        max_distance: float,
        datasets: tuple[str, ...],
        within: float,
        spent: Spent,
    ) -> list[Site | OgiveError]:
        """The pixel of each place, or why there is none, with what the named data sets have there.

        Raises:
            InvalidRequest: there is no data set of a name.
            SchedulerUnavailable, DeadlineExceeded: the cluster cannot tell.
        """
        began = time.perf_counter()
        keys = [(place.lon, place.lat, max_distance, datasets) for place in places]
        found = {key: self._sites.get(key) for key in keys}
        if missing := [key for key, site in found.items() if site is None]:
            answered = await self._cluster.call(
                self._tasks.locate_places,
                self._settings.source,
                [key[:2] for key in missing],
                max_distance,
                datasets,
                key=_key("sites", [missing]),
                within=within,
            )
            for key, site in zip(missing, answered, strict=True):
                found[key] = site
                if isinstance(site, Site | NoCube):  # an outage is not kept
                    self._sites.put(key, site)
        spent.add("catalogue", time.perf_counter() - began)
        return [found[key] for key in keys]

    async def members(
        self,
        sites: Sequence[Site],
        parameters: VelocityParameters,
        observations: bool,
        within: float | None,
        spent: Spent,
    ) -> list[Member]:
        """The series of each site. What is not done in time goes on, and is there for the next who asks.

        Raises:
            DeadlineExceeded: some are not there within the time.
            SchedulerUnavailable: the cluster cannot be reached or lost the work.
        """
        keys = [member_key(site, parameters, observations) for site in sites]
        found: dict[str, Member | None] = {key: self._members.get(key) for key in keys}
        left = {key: site for key, site in zip(keys, sites, strict=True) if found[key] is None}
        names, missing = list(left), list(left.values())
        measures.PLACES.labels("computed").inc(sum(key in left for key in keys))
        measures.PLACES.labels("kept").inc(sum(key not in left for key in keys))
        began = time.perf_counter()
        parts = groups(missing, GROUP)
        tasks = [
            self._start([names[n] for n in part], [missing[n] for n in part], parameters, observations)
            for part in parts
        ]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=within)
            if late:
                raise DeadlineExceeded(f"The answer takes longer than {within:g} s.")
        for part, task in zip(parts, tasks, strict=True):
            members, stages = task.result()
            found |= zip([names[n] for n in part], members, strict=True)
            for stage, seconds in stages.items():
                spent.add(stage, seconds)
        if tasks:
            working = spent.stages["read"] + spent.stages["solve"]
            spent.add("queue", max(0.0, time.perf_counter() - began - working))
        return [found[key] for key in keys]

    def known(self, sites: Sequence[Site], parameters: VelocityParameters, observations: bool) -> bool:
        """Whether the series of all sites are in memory."""
        keys = (member_key(site, parameters, observations) for site in sites)
        return all(self._members.get(key) is not None for key in keys)

    def written(self, tag: str, places: int) -> bytes | None:
        """The bytes of the representation of so many places with this tag, where they were written lately."""
        content = self._written.get(tag)
        if content is not None:
            measures.PLACES.labels("kept").inc(places)
        return content

    def keep_written(self, tag: str, content: bytes) -> None:
        """Keep a whole representation for the next who asks."""
        self._written.put(tag, content)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in (left := list(self._solving.values())):
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _start(
        self, names: list[str], sites: list[Site], parameters: VelocityParameters, observations: bool
    ) -> asyncio.Task:
        key = _key("series", names)
        if key not in self._solving:
            task = asyncio.create_task(self._solve(key, names, sites, parameters, observations), name=key)
            self._solving[key] = task
            task.add_done_callback(lambda done: self._ended(key, done))
        return self._solving[key]

    async def _solve(
        self,
        key: str,
        names: list[str],
        sites: list[Site],
        parameters: VelocityParameters,
        observations: bool,
    ) -> tuple[list[Member], dict[str, float]]:
        answers = await self._cluster.call(
            self._tasks.solve_sites, sites, self._settings.source.access, parameters, observations, key=key
        )
        if any(isinstance(answer, CubeChanged) for answer in answers):
            # Which cubes there are is asked again by the next request, not only when what is known grows old.
            self._sites.clear()
            await self._cluster.tell(self._tasks.forget_cubes)
        stages = dict.fromkeys(("read", "solve", "format"), 0.0)
        members: list[Member] = []
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, OgiveError):
                members.append(answer)
                continue
            began = time.perf_counter()
            members.append(dumps(document(answer)))
            self._members.put(name, members[-1])
            for stage, seconds in answer.timings.items():
                stages[stage] += seconds
            stages["format"] += time.perf_counter() - began
        return members, stages

    def _ended(self, key: str, task: asyncio.Task) -> None:
        del self._solving[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.info("Series %s ended with %s", key, error)


def member_key(site: Site, parameters: VelocityParameters, observations: bool) -> str:
    """What makes two members the same."""
    return f"{series_sha256(site, parameters)}{'-observed' if observations else ''}"


def _key(kind: str, parts: list[Any]) -> str:
    return f"{kind}-{hashlib.sha256(repr(parts).encode()).hexdigest()}"
