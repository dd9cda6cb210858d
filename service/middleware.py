"""A clear answer to a request when something unforeseen happens."""

from __future__ import annotations

import logging
import uuid
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.formats.problem import unexpected

_log = logging.getLogger(__name__)


def instance(scope: Scope) -> str:
    """The URI of the occasion: the request id as an URN where it is a UUID, else as a relative reference."""
    request_id = scope["state"]["request_id"]
    try:
        return uuid.UUID(request_id).urn
    except ValueError:
        return quote(request_id, safe="")


class Unforeseen:
    """An error that no handler took becomes a problem document; its traceback goes to the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            request_id = scope["state"]["request_id"]
            _log.exception("Request %s failed: %s %s", request_id, scope["method"], quote(scope["path"]))
            if started:
                raise
            await unexpected(instance(scope)).response()(scope, receive, watched)
