"""The one map from errors to kinds of problems (RFC 9457)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service import errors as service
from service.settings import PREFIX
from workers import errors as workers

OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
_RETRY_SECONDS = 15

Members = Callable[[Any], dict[str, Any]]
Headers = Callable[[Any], Mapping[str, str]]


def _nothing(error: workers.OgiveError) -> dict[str, Any]:
    return {}


def _estimated(estimate: dict[str, Any] | None) -> dict[str, Any]:
    return {} if estimate is None else {"estimate": estimate, "async": estimate["execution"]}


def _refused_by(name: str, value: float | str) -> dict[str, Any]:
    """The limit that refused, as /limits calls it, what it is now, and where it is set."""
    short = name.removeprefix("max_")
    return {"refused_by": {"limit": short, "value": value, "setting": f"{PREFIX}LIMIT_{short.upper()}"}}


def _over(error: service.OverLimit) -> dict[str, Any]:
    return _refused_by(error.limit, error.value)


def _too_large(error: workers.TooLarge) -> dict[str, Any]:
    refused = {} if error.limit is None else _refused_by(error.limit, error.limits[error.limit])
    return {"limits": error.limits, "split": error.split, **refused, **_estimated(error.estimate)}


def _retry(error: workers.OgiveError) -> dict[str, str]:
    return {"Retry-After": str(_RETRY_SECONDS)}


def _wait(error: Any) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(error.wait))}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: what its document says whatever the occasion."""

    name: str
    """Last part of the type URI"""
    status: int
    title: str
    about: str
    """What it means and what helps, for the page that the type URI leads to"""
    members: Members = _nothing
    """Further members of the document, from the error"""
    headers: Headers = _nothing
    """Further headers of the response, from the error"""
    ogc: bool = False
    """Whether OGC API Processes names the type"""

    def type(self, base: str) -> str:
        """The type URI; `base` is where this service is."""
        return f"{OGC}/{self.name}" if self.ogc else f"{base}/problems/{self.name}"


INVALID = Kind(
    "invalid-parameter",
    400,
    "Invalid parameter",
    "A parameter or a member of the body is missing, unknown, malformed, out of range or contradicts another "
    "one. `errors` names each place (`query.lat`, `body.inputs.bbox`) and what would work there.",
)
NOT_FOUND = Kind(
    "not-found", 404, "Not found", "There is nothing under this address; `detail` says what is missing."
)
NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "Method not allowed",
    "The address exists, but not for this method; the header Allow lists those that work.",
)

JOB_DISMISSED = Kind(
    "job-dismissed",
    410,
    "Job dismissed",
    "The job was dismissed and has no results; send the request again.",
)

KINDS: dict[type[workers.OgiveError], Kind] = {
    workers.InvalidRequest: INVALID,
    workers.SeveralGrids: Kind(
        "several-grids",
        400,
        "Region on several grids",
        "The region touches cubes of several coordinate reference systems and a product has one. "
        "`split` gives, for each CRS, boxes that work.",
        lambda error: {"split": error.split},
    ),
    workers.TooLarge: Kind(
        "too-large",
        413,
        "Request too large",
        "The request is over a limit. `refused_by` says which and where it is set, `limits` those that hold, "
        "`estimate` what the request would cost, `split` gives boxes that fit.",
        _too_large,
    ),
    workers.NoCube: Kind(
        "no-cube",
        404,
        "No cube here",
        "No cube of image pairs holds the place. `nearest_cube` and `distance_m` tell where the nearest is.",
        lambda error: {"nearest_cube": error.nearest_cube, "distance_m": error.distance_m},
        lambda error: {"Cache-Control": "public, max-age=300"},
    ),
    workers.SourceUnavailable: Kind(
        "upstream-unavailable",
        503,
        "Source does not answer",
        "The catalog of cubes (`upstream`: stac) or the store that holds them (source-zarr) did not answer. "
        "The request itself may be right: try again later.",
        lambda error: {"upstream": error.upstream},
        _retry,
    ),
    workers.CubeInvalid: Kind(
        "cube-invalid",
        502,
        "Cube not usable",
        "The cube lacks a variable, a date or an attribute that is needed.",
    ),
    workers.CubeChanged: Kind(
        "cube-changed",
        409,
        "Cube changed",
        "A cube is no longer the one that the job was planned with, so its product would mix two. "
        "Send the request again.",
    ),
    workers.ChunkUnreadable: Kind(
        "chunk-unreadable",
        502,
        "Chunk not readable",
        "A chunk of the cube is truncated or cannot be decoded; `chunk` is its key.",
        lambda error: {"chunk": error.chunk},
    ),
    workers.SourceError: Kind(
        "source-error", 502, "Source at fault", "The input is at fault, not the request."
    ),
    workers.StoreNotWritable: Kind(
        "store-not-writable",
        503,
        "Products cannot be written",
        "The store of products does not take writes; whoever runs the service must look at OGIVE_PRODUCTS.",
    ),
    workers.StoreUnavailable: Kind(
        "store-unavailable",
        503,
        "Products cannot be read",
        "The store of products did not answer, or an object of a product is lost: try again later.",
        headers=_retry,
    ),
    service.NoSuchProcess: Kind("no-such-process", 404, "No such process", "See /processes.", ogc=True),
    service.NoSuchJob: Kind("no-such-job", 404, "No such job", "See /jobs.", ogc=True),
    service.ResultNotReady: Kind(
        "result-not-ready",
        404,
        "Result not ready",
        "The job is still under way.",
        lambda error: {"progress": error.progress, "retry_after": _RETRY_SECONDS},
        _retry,
        ogc=True,
    ),
    workers.Dismissed: JOB_DISMISSED,
    service.JobDismissed: JOB_DISMISSED,
    service.JobFailed: Kind(
        "job-failed", 500, "Job failed", "The job ended without a product; `detail` says why."
    ),
    service.NotFound: NOT_FOUND,
    service.NotAcceptable: Kind(
        "not-acceptable",
        406,
        "Not acceptable",
        "The header Accept allows no media type that is there; `available` lists these.",
        lambda error: {"available": list(error.available)},
    ),
    service.Unauthorized: Kind(
        "unauthorized",
        401,
        "Who asks?",
        "Send an API key in the header X-API-Key or as Authorization: Bearer, or the token of the OpenID "
        "provider as the latter; never in the address. Whoever runs the service hands out keys.",
        headers=lambda error: {"WWW-Authenticate": 'Bearer realm="ogive"'},
    ),
    service.Forbidden: Kind(
        "forbidden",
        403,
        "Not allowed to do this",
        "The key or token is good, but its scopes (read, run, admin) do not reach so far, or the job or "
        "subscription is somebody else's. `detail` says which.",
    ),
    service.RateLimited: Kind(
        "rate-limited",
        429,
        "Too many requests",
        "More requests came than one caller may send; /limits says how many that are, RateLimit-Policy and "
        "RateLimit in every answer too. Wait as long as Retry-After says.",
        lambda error: _over(error) | {"violated-policies": [error.window], "reset": math.ceil(error.wait)},
        _wait,
    ),
    service.QuotaExceeded: Kind(
        "quota-exceeded",
        429,
        "Quota of a day used up",
        "The jobs of one caller may cost so many processor seconds in 24 hours; /limits says how many. Wait "
        "as long as Retry-After says, or ask for less.",
        lambda error: _over(error) | {"violated-policies": ["cpu-seconds"], "reset": math.ceil(error.wait)},
        _wait,
    ),
    service.IdentityUnavailable: Kind(
        "identity-unavailable",
        503,
        "Tokens cannot be checked",
        "The OpenID provider does not answer. Try again later, or send an API key.",
        headers=_retry,
    ),
    service.BodyTooLarge: Kind(
        "body-too-large", 413, "Body too large", "Send less at once; /limits says how much may be.", _over
    ),
    service.QueryTooLong: Kind(
        "query-too-long",
        414,
        "Query too long",
        "Send a long query as the body of a POST, or ask for less.",
        _over,
    ),
    service.CodedBody: Kind(
        "coded-body",
        415,
        "Compressed body",
        "Bodies of requests are taken as they are, without a content coding.",
        headers=lambda error: {"Accept-Encoding": "identity"},
    ),
    service.SlowBody: Kind(
        "slow-body",
        408,
        "Body without an end",
        "The body of the request did not come to its end in time. Send it again.",
        headers=lambda error: {"Connection": "close"},
    ),
    service.SchedulerUnavailable: Kind(
        "scheduler-unavailable",
        503,
        "Cluster not available",
        "The Dask cluster cannot be reached, has no worker, or lost the work. Try again later.",
        headers=_retry,
    ),
    service.DatabaseUnavailable: Kind(
        "database-unavailable",
        503,
        "Database not available",
        "The database of jobs and catalog cannot be reached, or cannot write. Try again later.",
        headers=_retry,
    ),
    service.NotReady: Kind(
        "not-ready",
        503,
        "Not ready",
        "A part that the service needs does not answer; `checks` tells of each. Try again later.",
        lambda error: {"checks": error.checks},
        _retry,
    ),
    service.TooManyJobs: Kind(
        "too-many-jobs",
        429,
        "Too many jobs",
        "As many jobs run or wait as may: `refused_by` names the limit, /limits tells how many that are. "
        "Try again later.",
        _over,
        _retry,
    ),
    service.TooManySubscriptions: Kind(
        "too-many-subscriptions",
        429,
        "Too many subscriptions",
        "As many places are watched as may be: `refused_by` names the limit, /limits tells how many. "
        "Delete a subscription that is needed no more.",
        _over,
    ),
    service.IdempotencyConflict: Kind(
        "idempotency-conflict",
        422,
        "Key of another request",
        "The Idempotency-Key came with another request within the last 24 hours. Take a new key.",
    ),
    service.BudgetExceeded: Kind(
        "budget-exceeded",
        409,
        "Budget exceeded",
        "The job used the processor seconds that its request allowed. What is done stays; an equal request "
        "with a larger budget goes on from there.",
    ),
    service.DeadlineExceeded: Kind(
        "deadline-exceeded",
        504,
        "Deadline exceeded",
        "The answer took longer than one request may wait (`refused_by` says how long that is), or a job did "
        "not end before the deadline of its request; what is done then stays, and an equal request goes on "
        "from there.",
    ),
}

OURS: dict[str, Kind] = {kind.name: kind for kind in (*KINDS.values(), NOT_ALLOWED) if not kind.ogc}
"""The kinds whose type URI leads to this service, by name."""


def kind_of(error: workers.OgiveError) -> Kind:
    """The kind of an error: that of its class or of the nearest base that has one."""
    for cls in type(error).__mro__:
        if cls in KINDS:
            return KINDS[cls]
    raise LookupError(f"{type(error).__name__} has no kind of problem") from error
