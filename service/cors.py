"""What web pages of other sites may do: read everything, and ask by POST where that changes nothing."""

from __future__ import annotations

from collections.abc import Collection

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from service.observability.requests import HEADER

EXPOSED = (
    "Location",
    "ETag",
    "Link",
    "Retry-After",
    "Preference-Applied",
    "Server-Timing",
    "Content-Disposition",
    "Accept-Ranges",
    "Content-Length",
    "Content-Range",
    "RateLimit",
    "RateLimit-Policy",
    "WWW-Authenticate",
    HEADER,
)
_ACCEPTED = ("Authorization", "Content-Type", "If-None-Match", "Prefer", "Range", "X-API-Key", HEADER)
_MAX_AGE = 600


class Cors:
    """Cross-origin resource sharing without credentials; POST only at the paths given.

    A page of another site must not start a job through the browser of somebody inside a network.
    """

    def __init__(self, app: ASGIApp, asked_by_post: Collection[str]) -> None:
        self._asked_by_post = asked_by_post
        self._reading, self._asking = (
            CORSMiddleware(
                app,
                allow_origins=["*"],
                allow_methods=methods,
                allow_headers=_ACCEPTED,
                expose_headers=EXPOSED,
                max_age=_MAX_AGE,
            )
            for methods in (["GET", "HEAD"], ["GET", "HEAD", "POST"])
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        asking = scope["type"] == "http" and scope["path"] in self._asked_by_post
        await (self._asking if asking else self._reading)(scope, receive, send)
