"""Problem documents (RFC 9457): a kind of problem on one occasion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

from service.observability.measures import PROBLEMS
from service.problems import Kind, kind_of
from workers.errors import InvalidRequest, OgiveError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem on one occasion."""

    status: int
    document: dict[str, Any]
    headers: Mapping[str, str]

    def response(self) -> JSONResponse:
        """The HTTP response that carries the document, counted."""
        PROBLEMS.labels(self.document["type"].rpartition("/")[2]).inc()
        return JSONResponse(self.document, self.status, dict(self.headers), MEDIA_TYPE)


def problem(error: OgiveError, base: str, instance: str, where: str = "query") -> Problem:
    """The problem document of an error.

    Args:
        error: what went wrong.
        base: address of this service, for the type URI.
        instance: URI of this occasion.
        where: part of the request that holds the parameters (`query`, `body.inputs`).
    """
    kind = kind_of(error)
    members = kind.members(error)
    if isinstance(error, InvalidRequest):
        loc = f"{where}.{error.where}" if error.where else where
        members = {"errors": [{"loc": loc, "msg": error.message}], **members}
    return of_kind(kind, error.message, base, instance, kind.headers(error), **members)


def of_kind(
    kind: Kind, detail: str, base: str, instance: str, headers: Mapping[str, str], **members: Any
) -> Problem:
    """The problem document of a kind on one occasion."""
    document = {
        "type": kind.type(base),
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": instance,
    }
    return Problem(kind.status, {**document, **members}, {"Cache-Control": "no-store", **headers})


def absolute(document: dict[str, Any], base: str) -> dict[str, Any]:
    """A kept document, its type URI made absolute where it leads to this service; others stay as they are."""
    kind = document["type"]
    return document | {"type": f"{base}{kind}"} if kind.startswith("/") else document


def unexpected(instance: str) -> Problem:
    """The problem document of an error that nobody foresaw: it names the occasion and tells nothing else."""
    detail = (
        "Something went wrong inside Ogive. Whoever runs it finds the reason in the log under this instance."
    )
    document = {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    return Problem(500, {**document, "detail": detail, "instance": instance}, {"Cache-Control": "no-store"})
