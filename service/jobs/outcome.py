"""What a successful job made, as OGC API Processes tells results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.catalog.links import served_item
from service.catalog.store import Catalog
from service.formats.problem import absolute
from service.jobs.documents import results
from service.jobs.job import Job
from service.jobs.results import JobResults
from workers.products.store import ProductStore


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Finds the results of jobs: in the catalog those that made a product, else the document kept."""

    catalog: Catalog
    kept: JobResults

    async def of(self, job: Job, products: ProductStore, base: str) -> dict[str, Any]:
        """The results of a successful job by name."""
        if job.item is not None:
            return results(job, served_item(await self.catalog.get(job.collection, job.item), base, products))
        series = (await self.kept.document(job.id))["series"]
        members = [absolute(member, base) for member in series["members"]]
        return {"series": {"value": series | {"members": members}}, "summary": {"value": job.summary}}
