"""What the service counts, beside what `workers.telemetry.measures` counts in this process.

No label names what a user sent: routes are their templates, methods and statuses those of HTTP.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, Info

from workers.telemetry.measures import LATENCIES
from workers.version import VERSION

REQUESTS = Counter(
    "ogive_http_requests",
    "Requests that were answered, by route, method and class of the status.",
    ["route", "method", "status"],
)
REQUEST_SECONDS = Histogram(
    "ogive_http_request_seconds",
    "From the request's arrival to the last byte of its answer.",
    ["route", "method"],
    buckets=(*LATENCIES, 60.0),
)
RESPONSE_BYTES = Counter("ogive_http_response_bytes", "Bytes of the bodies of answers.", ["route"])
IN_FLIGHT = Gauge("ogive_http_requests_in_flight", "Requests that are being answered.")
PROBLEMS = Counter("ogive_problems", "Answers that were problems, by the name of their type.", ["type"])
PLACES = Counter(
    "ogive_places", "Series of places that requests asked for: kept from before, or computed.", ["series"]
)
JOBS_ENDED = Counter("ogive_jobs_ended", "Jobs that ended, by how.", ["status"])
LOOKS = Counter(
    "ogive_subscription_looks",
    "Looks at what subscriptions watch: same, computed anew, or failed.",
    ["outcome"],
)
DATABASE_SECONDS = Histogram(
    "ogive_database_seconds", "Statements to the database.", ["statement"], buckets=LATENCIES
)

JOBS = Gauge("ogive_jobs", "Jobs in the records, by status.", ["status"])
QUEUE_AGE = Gauge("ogive_queue_age_seconds", "For how long the first job in the queue has waited.")
STANDSTILL = Gauge(
    "ogive_job_standstill_seconds",
    "For how long the running job that stands still the longest has done no block.",
)
BLOCKS_LEFT = Gauge("ogive_jobs_blocks_left", "Blocks that live jobs have yet to do.")
CALLBACKS_DUE = Gauge("ogive_callbacks_due", "Callbacks to subscribers that are yet to be taken.")
WORKERS = Gauge("ogive_workers", "Workers that take shards now.")
PART_UP = Gauge("ogive_part_up", "Whether a part that the service needs answers, as /health/ready.", ["part"])
PART_SECONDS = Gauge("ogive_part_seconds", "How long that part took to answer.", ["part"])
Info("ogive_build", "The version that runs.").info({"version": VERSION})
