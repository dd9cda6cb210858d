"""What can go wrong in the service itself, beside the errors of the workers.

OgiveError (workers.errors)
└── ServiceError
    ├── NotFound              no such path, collection, item, object
    │   ├── NoSuchProcess
    │   ├── NoSuchJob
    │   ├── NoSuchSubscription
    │   └── ResultNotReady        the job is still under way; carries its progress
    ├── JobDismissed          the results were given up
    ├── JobFailed             the job ended without a product
    ├── NotAcceptable         no representation that the client accepts; carries those there are
    ├── Unauthorized          who asks has not proved who they are
    ├── Forbidden             who asks may not do this
    ├── OverLimit             a limit of the service refuses it; carries which
    │   ├── RateLimited           more requests than one caller may send
    │   ├── QuotaExceeded         more work than one caller may have done in a day
    │   ├── BodyTooLarge          a body of more bytes than may be
    │   ├── QueryTooLong          a query string of more bytes than may be
    │   ├── TooManyJobs           no more jobs may run or wait
    │   └── TooManySubscriptions  no more places may be watched
    ├── IdentityUnavailable   the OpenID provider does not answer
    ├── CodedBody             a compressed body
    ├── SlowBody              a body that does not come to its end
    ├── SchedulerUnavailable  the Dask cluster cannot be reached or lost the work
    │   └── WorkersLost           the workers that took a task died of it
    ├── DatabaseUnavailable   the database cannot be reached or cannot write
    ├── NotReady              a part that the service needs does not answer; carries what each said
    ├── IdempotencyConflict   a key that stands for one request came with another
    ├── BudgetExceeded        the job used what its request allowed
    └── DeadlineExceeded      the answer, or the job, took longer than the limit
"""

from __future__ import annotations

from typing import Any

from workers.errors import OgiveError

__all__ = [
    "BodyTooLarge",
    "BudgetExceeded",
    "CodedBody",
    "DatabaseUnavailable",
    "DeadlineExceeded",
    "Forbidden",
    "IdempotencyConflict",
    "IdentityUnavailable",
    "JobDismissed",
    "JobFailed",
    "NoSuchJob",
    "NoSuchProcess",
    "NoSuchSubscription",
    "NotAcceptable",
    "NotFound",
    "NotReady",
    "OverLimit",
    "QueryTooLong",
    "QuotaExceeded",
    "RateLimited",
    "ResultNotReady",
    "SchedulerUnavailable",
    "ServiceError",
    "SlowBody",
    "TooManyJobs",
    "TooManySubscriptions",
    "Unauthorized",
    "WorkersLost",
]


class ServiceError(OgiveError):
    """Base of the errors that only the service knows."""


class NotFound(ServiceError):
    """There is no such thing under this address."""


class NoSuchProcess(NotFound):
    """The registry has no process of this name."""


class NoSuchJob(NotFound):
    """There is no record of this job."""


class NoSuchSubscription(NotFound):
    """There is no such subscription."""


class ResultNotReady(NotFound):
    """The job is still under way."""

    def __init__(self, message: str, progress: int) -> None:
        super().__init__(message, progress)

    @property
    def progress(self) -> int:
        """Per cent of its blocks that are done."""
        return self.args[1]


class JobDismissed(ServiceError):
    """The job was dismissed, so it has no results."""


class JobFailed(ServiceError):
    """The job ended without a product."""


class NotAcceptable(ServiceError):
    """No representation suits the client."""

    def __init__(self, message: str, available: tuple[str, ...]) -> None:
        super().__init__(message, available)

    @property
    def available(self) -> tuple[str, ...]:
        """The media types that are there."""
        return self.args[1]


class Unauthorized(ServiceError):
    """Who asks has not proved who they are, and must for this."""


class Forbidden(ServiceError):
    """Who asks is known, and may not do this."""


class OverLimit(ServiceError):
    """A limit of the service refuses it."""

    def __init__(self, message: str, limit: str, value: float | str, *more: Any) -> None:
        super().__init__(message, limit, value, *more)

    @property
    def limit(self) -> str:
        """The limit, as /limits calls it."""
        return self.args[1]

    @property
    def value(self) -> float | str:
        """What it is now."""
        return self.args[2]


class RateLimited(OverLimit):
    """More requests than one caller may send."""

    def __init__(self, message: str, limit: str, value: str, wait: float, window: str) -> None:
        super().__init__(message, limit, value, wait, window)

    @property
    def wait(self) -> float:
        """Seconds until one more may be sent."""
        return self.args[3]

    @property
    def window(self) -> str:
        """Of which window nothing is left."""
        return self.args[4]


class QuotaExceeded(OverLimit):
    """More work than one caller may have done in a day."""

    def __init__(self, message: str, limit: str, value: float, wait: float) -> None:
        super().__init__(message, limit, value, wait)

    @property
    def wait(self) -> float:
        """Seconds until some of it counts no more."""
        return self.args[3]


class IdentityUnavailable(ServiceError):
    """The OpenID provider does not answer, so no token can be checked."""


class BodyTooLarge(OverLimit):
    """The body has more bytes than may be."""


class QueryTooLong(OverLimit):
    """The query string has more bytes than may be."""


class CodedBody(ServiceError):
    """The body is compressed."""


class SlowBody(ServiceError):
    """The body does not come to its end."""


class SchedulerUnavailable(ServiceError):
    """The Dask cluster cannot be reached, has no worker, or lost the work."""


class WorkersLost(SchedulerUnavailable):
    """Every worker that took a task died while it ran, most likely for want of memory."""

    def __init__(self, message: str, worker: str = "") -> None:
        super().__init__(message, worker)

    @property
    def worker(self) -> str:
        """Address of the last of them, where one task alone is told of."""
        return self.args[1]


class DatabaseUnavailable(ServiceError):
    """The database cannot be reached, or cannot write, for the moment."""


class NotReady(ServiceError):
    """Parts that the service needs do not answer."""

    def __init__(self, message: str, checks: dict[str, dict[str, Any]]) -> None:
        super().__init__(message, checks)

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        """Of each part by name its `state`, its milliseconds `ms`, and where it failed `detail`."""
        return self.args[1]


class TooManyJobs(OverLimit):
    """As many jobs run or wait as may."""


class TooManySubscriptions(OverLimit):
    """As many places are watched as may be."""


class IdempotencyConflict(ServiceError):
    """An idempotency key came with another request than before."""


class BudgetExceeded(ServiceError):
    """A job used the processor seconds that its request allowed."""


class DeadlineExceeded(ServiceError):
    """The answer took longer than the limit, or a job longer than its request allowed."""
