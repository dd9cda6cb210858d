"""What jobs need of the running service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.catalog.store import Catalog
from service.cluster import Cluster
from service.jobs.lease import Leases
from service.jobs.log import JobLog
from service.jobs.results import JobResults
from service.jobs.store import JobStore
from service.series.answers import Answers
from service.settings import Settings
from service.tasks import Tasks
from workers.processes import Process


@dataclass(frozen=True, slots=True)
class House:
    """What jobs need of the running service."""

    cluster: Cluster
    jobs: JobStore
    catalog: Catalog
    log: JobLog
    settings: Settings
    tasks: Tasks
    processes: Mapping[str, Process]
    answers: Answers
    results: JobResults
    leases: Leases
