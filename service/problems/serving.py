"""Problems of the service around the work: addresses, jobs, who asks, its limits and its parts."""

from __future__ import annotations

import math
from typing import Any

from service import errors
from service.problems.kind import RETRY_SECONDS, Kind, refused_by, retry
from service.problems.work import JOB_DISMISSED

NOT_FOUND = Kind(
    "not-found", 404, "Not found", "There is nothing under this address; `detail` says what is missing."
)
NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "Method not allowed",
    "The address exists, but not for this method; the header Allow lists those that work.",
)


def _over(error: errors.OverLimit) -> dict[str, Any]:
    return refused_by(error.limit, error.value)


def _wait(error: Any) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(error.wait))}


OF_SERVING: dict[type[errors.ServiceError], Kind] = {
    errors.NoSuchProcess: Kind("no-such-process", 404, "No such process", "See /processes.", ogc=True),
    errors.NoSuchJob: Kind("no-such-job", 404, "No such job", "See /jobs.", ogc=True),
    errors.ResultNotReady: Kind(
        "result-not-ready",
        404,
        "Result not ready",
        "The job is still under way.",
        lambda error: {"progress": error.progress, "retry_after": RETRY_SECONDS},
        retry,
        ogc=True,
    ),
    errors.JobDismissed: JOB_DISMISSED,
    errors.JobFailed: Kind(
        "job-failed", 500, "Job failed", "The job ended without a product; `detail` says why."
    ),
    errors.NotFound: NOT_FOUND,
    errors.NotAcceptable: Kind(
        "not-acceptable",
        406,
        "Not acceptable",
        "The header Accept allows no media type that is there; `available` lists these.",
        lambda error: {"available": list(error.available)},
    ),
    errors.Unauthorized: Kind(
        "unauthorized",
        401,
        "Who asks?",
        "Send an API key in the header X-API-Key or as Authorization: Bearer, or the token of the OpenID "
        "provider as the latter; never in the address. Whoever runs the service hands out keys.",
        headers=lambda error: {"WWW-Authenticate": 'Bearer realm="ogive"'},
    ),
    errors.Forbidden: Kind(
        "forbidden",
        403,
        "Not allowed to do this",
        "The key or token is good, but its scopes (read, run, admin) do not reach so far, or the job or "
        "subscription is somebody else's. `detail` says which.",
    ),
    errors.RateLimited: Kind(
        "rate-limited",
        429,
        "Too many requests",
        "More requests came than one caller may send; /limits says how many that are, RateLimit-Policy and "
        "RateLimit in every answer too. Wait as long as Retry-After says.",
        lambda error: _over(error) | {"violated-policies": [error.window], "reset": math.ceil(error.wait)},
        _wait,
    ),
    errors.QuotaExceeded: Kind(
        "quota-exceeded",
        429,
        "Quota of a day used up",
        "The jobs of one caller may cost so many processor seconds in 24 hours; /limits says how many. Wait "
        "as long as Retry-After says, or ask for less.",
        lambda error: _over(error) | {"violated-policies": ["cpu-seconds"], "reset": math.ceil(error.wait)},
        _wait,
    ),
    errors.IdentityUnavailable: Kind(
        "identity-unavailable",
        503,
        "Tokens cannot be checked",
        "The OpenID provider does not answer. Try again later, or send an API key.",
        headers=retry,
    ),
    errors.BodyTooLarge: Kind(
        "body-too-large", 413, "Body too large", "Send less at once; /limits says how much may be.", _over
    ),
    errors.QueryTooLong: Kind(
        "query-too-long",
        414,
        "Query too long",
        "Send a long query as the body of a POST, or ask for less.",
        _over,
    ),
    errors.CodedBody: Kind(
        "coded-body",
        415,
        "Compressed body",
        "Bodies of requests are taken as they are, without a content coding.",
        headers=lambda error: {"Accept-Encoding": "identity"},
    ),
    errors.SlowBody: Kind(
        "slow-body",
        408,
        "Body without an end",
        "The body of the request did not come to its end in time. Send it again.",
        headers=lambda error: {"Connection": "close"},
    ),
    errors.SchedulerUnavailable: Kind(
        "scheduler-unavailable",
        503,
        "Cluster not available",
        "The Dask cluster cannot be reached, has no worker, or lost the work. Try again later.",
        headers=retry,
    ),
    errors.DatabaseUnavailable: Kind(
        "database-unavailable",
        503,
        "Database not available",
        "The database of jobs and catalog cannot be reached, or cannot write. Try again later.",
        headers=retry,
    ),
    errors.NotReady: Kind(
        "not-ready",
        503,
        "Not ready",
        "A part that the service needs does not answer; `checks` tells of each. Try again later.",
        lambda error: {"checks": error.checks},
        retry,
    ),
    errors.TooManyJobs: Kind(
        "too-many-jobs",
        429,
        "Too many jobs",
        "As many jobs run or wait as may: `refused_by` names the limit, /limits tells how many that are. "
        "Try again later.",
        _over,
        retry,
    ),
    errors.TooManySubscriptions: Kind(
        "too-many-subscriptions",
        429,
        "Too many subscriptions",
        "As many places are watched as may be: `refused_by` names the limit, /limits tells how many. "
        "Delete a subscription that is needed no more.",
        _over,
    ),
    errors.IdempotencyConflict: Kind(
        "idempotency-conflict",
        422,
        "Key of another request",
        "The Idempotency-Key came with another request within the last 24 hours. Take a new key.",
    ),
    errors.BudgetExceeded: Kind(
        "budget-exceeded",
        409,
        "Budget exceeded",
        "The job used the processor seconds that its request allowed. What is done stays; an equal request "
        "with a larger budget goes on from there.",
    ),
    errors.DeadlineExceeded: Kind(
        "deadline-exceeded",
        504,
        "Deadline exceeded",
        "The answer took longer than one request may wait (`refused_by` says how long that is), or a job did "
        "not end before the deadline of its request; what is done then stays, and an equal request goes on "
        "from there.",
    ),
}
