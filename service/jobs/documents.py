"""The documents about jobs that OGC API Processes 1.0 prescribes: statusInfo and results."""

from __future__ import annotations

import datetime as dt
from typing import Any

from service.catalog.moments import stamp
from service.formats.problem import Problem, absolute
from service.jobs.job import Job, Status

RETRY_SECONDS = 5
_REL = "http://www.opengis.net/def/rel/ogc/1.0"
_ZARR = "application/vnd.zarr"


def headers(job: Job) -> dict[str, str]:
    """How long a document about a job may be kept, and when to ask again."""
    if job.live:
        return {"Cache-Control": "no-store", "Retry-After": str(RETRY_SECONDS)}
    return {"Cache-Control": "private, max-age=60"}


def status_info(job: Job, base: str, reused: bool = False) -> dict[str, Any]:
    """The statusInfo of a job; members after `links` are this service's own."""
    here = f"{base}/jobs/{job.id}"
    links = [
        {"rel": "self", "href": here, "type": "application/json", "title": "This job"},
        {"rel": "up", "href": f"{base}/jobs", "type": "application/json", "title": "All jobs"},
        {"rel": "inputs", "href": f"{here}/inputs", "type": "application/json", "title": "Its request"},
        {"rel": "logs", "href": f"{here}/logs", "type": "application/json", "title": "What happened to it"},
    ]
    if job.product is not None and job.status is not Status.successful:
        links.append(
            {
                "rel": "preview",
                "href": f"{base}/store/{job.product}.zarr",
                "type": f"{_ZARR}; version=3",
                "title": "The unfinished product: shards appear in it as they are done",
            }
        )
    if job.status is Status.successful:
        links.append({"rel": f"{_REL}/results", "href": f"{here}/results", "type": "application/json"})
    if job.status is Status.failed:
        links.append(
            {"rel": f"{_REL}/exceptions", "href": f"{here}/results", "type": "application/problem+json"}
        )
    return {
        "jobID": job.id,
        "type": "process",
        "processID": job.process,
        "status": job.status,
        "message": job.message,
        "progress": job.progress,
        **_moments(job, "created", "started", "finished", "updated"),
        "links": links,
        "blocks": {
            "total": job.blocks_total,
            "done": job.blocks_done,
            "empty": job.blocks_empty,
            "failed": job.blocks_failed,
        },
        **_moments(job, "estimated_finish", "deadline", "expires"),
        "cpu_seconds": job.cpu_seconds,
        "estimated_cpu_seconds": job.estimated_cpu_seconds,
        "max_cpu_seconds": job.max_cpu_seconds,
        "request_sha256": job.request_sha256,
        "reused": reused,
    }


def results(job: Job, item: dict[str, Any]) -> dict[str, Any]:
    """The results of a successful job, from the STAC item of its product as it is served."""
    here = next(link for link in item["links"] if link["rel"] == "self")
    store = next(asset for asset in item["assets"].values() if asset.get("type", "").startswith(_ZARR))
    return {
        "product": {"href": store["href"], "type": store["type"], "title": job.item},
        "item": {"href": here["href"], "type": here["type"], "title": job.item},
        "summary": {"value": job.summary},
    }


def failure(job: Job, base: str) -> Problem:
    """The stored problem of a failed job, its type URI made absolute."""
    return Problem(job.problem["status"], absolute(job.problem, base), headers(job))


def _moments(job: Job, *names: str) -> dict[str, str]:
    values: dict[str, dt.datetime | None] = {name: getattr(job, name) for name in names}
    return {name: stamp(value) for name, value in values.items() if value is not None}
