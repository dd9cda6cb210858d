"""What a job will cost, told before it runs, by a model that is fitted to the jobs that ran."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from service.catalog.moments import stamp
from service.cluster import Cluster
from service.errors import SchedulerUnavailable
from service.jobs.execute import plain
from service.jobs.job import Job, now
from service.jobs.store import JobStore
from service.settings import Settings
from service.tasks import Tasks
from workers.costs import CostModel, effort
from workers.plan import JobSize, Limits
from workers.velocity.parameters import VelocityParameters

LEARNT_FROM = 200
"""Jobs, the last ones, that the model is fitted to"""
_PRIOR_WEIGHT = 0.2
_ENOUGH = 5
_UNKNOWN_SPREAD = (0.5, 2.0)
_VALID = dt.timedelta(minutes=5)


class Costs:
    """The cost model of one process, as its finished jobs have taught it."""

    def __init__(self, jobs: Sequence[Job], inputs: Mapping[str, Any]) -> None:
        """Fit the model to successful jobs, and note how far the estimates that they were given were off.

        Args:
            jobs: of the process.
            inputs: of the request whose cost is asked for.
        """
        self.jobs = [job for job in jobs if job.pixels and job.layers]
        self.model = fit(self.jobs).times(_effort(inputs))
        ratios = [j.cpu_seconds / j.estimated_cpu_seconds for j in self.jobs if j.estimated_cpu_seconds]
        self._ratios = ratios if len(ratios) >= _ENOUGH else []

    def expected(self, pixels: int, layers: Sequence[int]) -> float:
        """Processor seconds of a job."""
        return round(self.model.expected(pixels, layers), 3)

    @property
    def median_error(self) -> float | None:
        """How far estimates were off, as a share of what was used; None before enough jobs have ended."""
        errors = [abs(1 / ratio - 1) for ratio in self._ratios]
        return round(statistics.median(errors), 3) if errors else None

    @property
    def spread(self) -> tuple[float, float]:
        """What jobs used, as a share of their estimate: 10th and 90th percentile, 1 among them."""
        if not self._ratios:
            return _UNKNOWN_SPREAD
        low, high = np.percentile(self._ratios, [10, 90])
        return min(1.0, float(low)), max(1.0, float(high))

    @property
    def sentence(self) -> str:
        """The model in words."""
        terms = f"pixels * ({self.model.per_pixel:.3g} + {self.model.per_layer:.3g} * layers)"
        if not self.jobs:
            return f"{terms}, as measured for this release"
        error = self.median_error
        told = f", median error {error:.0%}" if error is not None else ""
        return f"{terms}, refit on {len(self.jobs)} jobs{told}"


def fit(jobs: Sequence[Job], shipped: CostModel | None = None) -> CostModel:
    """The model nearest to what jobs used, by least squares of relative errors.

    What a choice of the coefficient costs more is taken out. The shipped model has a small weight of its own,
    so that jobs which are all of one size scale it but keep its shape. Coefficients are not negative.
    """
    shipped = shipped or CostModel()
    used = np.array([job.cpu_seconds / _effort(job.request.get("inputs", {})) for job in jobs])
    pixels = np.array([job.pixels for job in jobs], float)
    layers = np.array([job.layers for job in jobs], float)
    # Unknown are the factors of the two shipped coefficients; each row is one job, or one of the prior.
    rows = np.column_stack([shipped.per_pixel * pixels, shipped.per_layer * pixels * layers])
    rows = np.vstack([rows / used[:, None] if used.size else rows, _PRIOR_WEIGHT * np.eye(2)])
    target = np.concatenate([np.ones(used.size), np.full(2, _PRIOR_WEIGHT)])
    factors = np.linalg.lstsq(rows, target)[0]
    for other in (0, 1):
        if factors[other] < 0:
            kept = 1 - other
            factors[other] = 0.0
            factors[kept] = max(0.0, rows[:, kept] @ target / (rows[:, kept] @ rows[:, kept]))
    return CostModel(
        per_pixel=float(shipped.per_pixel * factors[0]), per_layer=float(shipped.per_layer * factors[1])
    )


def _effort(inputs: Mapping[str, Any]) -> float:
    return effort(plain(inputs.get("coefficient", VelocityParameters.model_fields["coefficient"].default)))


class Estimator:
    """Estimates jobs from metadata and from the jobs before them."""

    def __init__(self, cluster: Cluster, jobs: JobStore, settings: Settings, tasks: Tasks) -> None:
        self._cluster, self._jobs, self._settings, self._tasks = cluster, jobs, settings, tasks

    async def costs(self, process: str, inputs: Mapping[str, Any]) -> Costs:
        """The cost model of a process as of now, for a request of these inputs."""
        return Costs(await self._jobs.costs(process, LEARNT_FROM), inputs)

    def limits(self, costs: Costs) -> Limits:
        """The limits of one job, and what its cost is expected by."""
        settings = self._settings
        return Limits(
            max_pixels=settings.limit_pixels,
            max_points=settings.limit_points,
            max_cpu_seconds=settings.limit_cpu_seconds,
            cost=costs.model,
        )

    async def estimate(self, process: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """What a job of these inputs would cost.

        Raises:
            InvalidRequest, SeveralGrids, NoCube, SourceError: it could not be planned.
            SchedulerUnavailable, DeadlineExceeded: the cluster cannot size it now.
        """
        settings, costs = self._settings, await self.costs(process, inputs)
        size: JobSize = await self._cluster.call(
            self._tasks.size_job, process, inputs, settings.source, within=settings.limit_wait
        )
        limits = self.limits(costs)
        expected = costs.expected(size.pixels, size.layers)
        low, high = costs.spread
        return {
            "fits": size.pixels <= limits.pixels(size.layers),
            "mode": "async",
            "pixels": size.pixels,
            "blocks": size.blocks,
            "layers": {"median": round(statistics.median(size.layers)), "max": max(size.layers)},
            "cpu_seconds": {
                "low": round(low * expected, 3),
                "expected": expected,
                "high": round(high * expected, 3),
            },
            "wall_seconds": await self._wall(expected),
            "read_bytes": size.read_bytes,
            "write_bytes": size.write_bytes,
            "model": costs.sentence,
            "median_error": costs.median_error,
            "execution": f"/processes/{process}/execution",
            "valid_until": stamp(now() + _VALID),
            "limits": limits.told,
        }

    async def _wall(self, cpu_seconds: float) -> dict[str, Any]:
        """How long a job would take with the workers there are, and how long it would wait before that."""
        try:
            workers = await self._cluster.workers()
        except SchedulerUnavailable:
            workers = 0
        if not workers:
            return {"expected": None, "workers": 0, "queue": None}
        ahead = sum(
            (job.estimated_cpu_seconds or 0.0) * (1 - job.progress / 100) for job in await self._jobs.live()
        )
        queue = round(ahead / workers, 1)
        return {"expected": round(queue + cpu_seconds / workers, 1), "workers": workers, "queue": queue}
