"""What every request passes through: an id, and a clear answer when something unforeseen happens."""

from __future__ import annotations

import logging
import re
import uuid
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.formats.problem import unexpected

HEADER = "X-Request-ID"
_USABLE = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_log = logging.getLogger(__name__)


def instance(scope: Scope) -> str:
    """The URI of the occasion: the request id as an URN where it is a UUID, else as a relative reference."""
    request_id = scope["state"]["request_id"]
    try:
        return uuid.UUID(request_id).urn
    except ValueError:
        return quote(request_id, safe="")


class RequestId:
    """Gives each request an id, the client's own where it sends a usable one, and echoes it.

    An error that no handler took becomes a problem document under that id; its traceback goes to the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = dict(scope["headers"]).get(HEADER.lower().encode(), b"").decode("latin-1")
        request_id = sent if _USABLE.fullmatch(sent) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            _log.exception("Request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if started:
                raise
            await unexpected(instance(scope)).response()(scope, receive, send_with_id)
