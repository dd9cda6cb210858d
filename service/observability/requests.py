"""What every request passes through: its occasion, a line in the log, measures, and a span."""

from __future__ import annotations

import logging
import re
import time
import uuid
from http import HTTPMethod
from typing import Any
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.observability import measures
from workers.telemetry.occasion import on_behalf
from workers.telemetry.spans import PARENT, span

HEADER = "X-Request-ID"
UNMATCHED = "unmatched"
"""The route of all addresses that lead nowhere"""
QUIET = "/health/"
"""Below it are the questions of probes, every few seconds: told only where everything is"""
_USABLE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_METHODS = frozenset(HTTPMethod)
_log = logging.getLogger("service.access")


class Observed:
    """Gives each request an id, the client's own where it sends a usable one, and tells of its end.

    The trace of a well-formed `traceparent` goes on in the tasks that the request causes. Of the address only
    the path is told: what a query holds is nobody's business, and may be a secret.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _given(scope, HEADER, _USABLE) or str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        began, status, sent = time.perf_counter(), 0, 0

        async def watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        method = scope["method"] if scope["method"] in _METHODS else "other"
        with (
            on_behalf(request_id=request_id, traceparent=_given(scope, PARENT, _TRACEPARENT)),
            span(method, "SERVER", http__request__method=method, url__path=scope["path"]) as known,
            measures.IN_FLIGHT.track_inprogress(),
        ):
            try:
                await self.app(scope, receive, watched)
            finally:
                route = getattr(scope.get("route"), "path", UNMATCHED)
                known |= {"name": f"{method} {route}", "http.route": route}
                known |= {"http.response.status_code": status}
                _tell(scope, method, route, status, time.perf_counter() - began, sent)


def _given(scope: Scope, header: str, form: re.Pattern[str]) -> str | None:
    """The value of a header, if it has the form."""
    value = dict(scope["headers"]).get(header.lower().encode(), b"").decode("latin-1")
    return value if form.fullmatch(value) else None


def _tell(scope: Scope, method: str, route: str, status: int, seconds: float, sent: int) -> None:
    """Count a request that has ended, and log it; status 0 is that of a client that went away."""
    measures.REQUESTS.labels(route, method, f"{status // 100}xx" if status else "none").inc()
    measures.REQUEST_SECONDS.labels(route, method).observe(seconds)
    measures.RESPONSE_BYTES.labels(route).inc(sent)
    level = logging.DEBUG if route.startswith(QUIET) and status < 400 else logging.INFO
    if _log.isEnabledFor(level):
        path, took = quote(scope["path"]), round(1000 * seconds, 1)
        fields: dict[str, Any] = {"method": method, "path": path, "route": route}
        fields |= {"status": status, "ms": took, "bytes": sent}
        told = "%s %s %s in %s ms, %d bytes", method, path, status or "went away", took, sent
        _log.log(level, *told, extra={"fields": fields})
