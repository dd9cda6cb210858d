"""Carries out a job that solves places: group by group, into one document."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

from service.catalog.moments import stamp
from service.errors import BudgetExceeded, DeadlineExceeded
from service.formats.problem import problem
from service.formats.series import collection
from service.jobs.execution import Execution
from service.jobs.job import Status, now
from service.series.answers import Member, Spent
from workers.errors import OgiveError
from workers.velocity.point_process import PointPlan, VelocityPointInputs
from workers.velocity.sites import Site

_AT_ONCE = 8
"""Groups of one job on the cluster: a job that ends early leaves no more than these to be finished"""


class PointExecution(Execution):
    """One job under way whose result is a document.

    Series that were made lately, by whatever request, are taken from memory; after a restart of the service
    the rest is computed again, which is some seconds of work.
    """

    _plans = PointPlan

    async def _make(self, plan: PointPlan, started: dt.datetime) -> bool:
        house, job = self._house, self._job
        solved, spent = await self._solved(plan)
        members = _in_order(plan, solved)
        documents = [_document(member, number) for number, member in enumerate(members)]
        summary = _summary(members, documents)
        if summary["requested"] == summary["failed"]:
            raise next(member for member in members if isinstance(member, OgiveError))
        await house.results.keep(job.id, {"series": collection(documents)})
        message = f"{summary['solved']} of {summary['requested']} places have a series."
        made = await self._change(
            status=Status.successful,
            finished=now(),
            message=message,
            estimated_finish=None,
            summary=summary,
            blocks_done=plan.blocks,
            cpu_seconds=spent,
            expires=house.settings.expiry(started),
        )
        if made:
            await house.log.write(job.id, message)
        return made

    async def _ended_early(self) -> DeadlineExceeded:
        job = await self._house.jobs.get(self._job.id)
        return DeadlineExceeded(
            f"The deadline {stamp(job.deadline)} has passed after {job.blocks_done} of {job.blocks_total} "
            "groups of places; ask with a later one, or for fewer places."
        )

    async def _tidy(self, plan: PointPlan) -> None:
        """Nothing lies about."""

    async def _solved(self, plan: PointPlan) -> tuple[list[Member], float]:
        """The series of the plan's sites in their order, and the seconds that they took the workers."""
        house, job = self._house, self._job
        request = VelocityPointInputs.model_validate(plan.inputs)
        sites, turns = plan.sites, asyncio.Semaphore(_AT_ONCE)
        found: list[Member | None] = [None] * len(sites)
        done, seconds = 0, 0.0

        async def solve(group: list[int]) -> None:
            nonlocal done, seconds
            spent, chosen = Spent(), [sites[index] for index in group]
            async with turns:
                made = await house.answers.members(
                    chosen, request.parameters, request.observations, None, spent
                )
            for index, member in zip(group, made, strict=True):
                found[index] = member
            done, seconds = done + 1, round(seconds + spent.stages["read"] + spent.stages["solve"], 3)
            if job.max_cpu_seconds is not None and seconds > job.max_cpu_seconds:
                raise BudgetExceeded(
                    f"The {job.max_cpu_seconds:g} processor seconds of the request are spent after {done} of "
                    f"{plan.blocks} groups of places; ask with a larger budget."
                )
            told = f"{done} of {plan.blocks} groups of places."
            await self._change(blocks_done=done, message=told, cpu_seconds=seconds)

        try:
            async with asyncio.TaskGroup() as under_way:
                for group in plan.groups:
                    under_way.create_task(solve(group))
        except* OgiveError as failed:
            raise failed.exceptions[0] from None
        return found, seconds


def _in_order(plan: PointPlan, solved: Sequence[Member]) -> list[Member]:
    left = iter(solved)
    return [next(left) if isinstance(member, Site) else member.error for member in plan.members]


def _document(member: Member, number: int) -> dict[str, Any]:
    if isinstance(member, bytes):
        return json.loads(member)
    return problem(member, "", f"#/members/{number}").document


def _summary(members: Sequence[Member], documents: Sequence[dict[str, Any]]) -> dict[str, int]:
    failed = sum(isinstance(member, OgiveError) for member in members)
    used = sum(document["source"]["used"] > 0 for document in documents if "source" in document)
    return {
        "requested": len(members),
        "solved": used,
        "no_data": len(members) - failed - used,
        "failed": failed,
    }
