"""A clear answer to a request when something unforeseen happens."""

from __future__ import annotations

import logging
import uuid
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.database import away, reason
from service.dependencies import base_url
from service.errors import DatabaseUnavailable
from service.formats.problem import Problem, problem, unexpected

_log = logging.getLogger(__name__)


def instance(scope: Scope) -> str:
    """The URI of the occasion: the request id as an URN where it is a UUID, else as a relative reference."""
    request_id = scope["state"]["request_id"]
    try:
        return uuid.UUID(request_id).urn
    except ValueError:
        return quote(request_id, safe="")


class Unforeseen:
    """An error that no handler took becomes a problem document; its traceback goes to the log.

    That the database is away may meet any route, and is told by its name.
    """

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
        except Exception as error:
            request_id = scope["state"]["request_id"]
            if absent := away(error):
                _log.warning("Request %s failed for want of the database: %s", request_id, reason(error))
            else:
                _log.exception("Request %s failed: %s %s", request_id, scope["method"], quote(scope["path"]))
            if started:
                raise
            made = _without_database(scope) if absent else unexpected(instance(scope))
            await made.response()(scope, receive, watched)


def _without_database(scope: Scope) -> Problem:
    told = DatabaseUnavailable("The database does not answer, or cannot write; try again in a moment.")
    return problem(told, base_url(Request(scope)), instance(scope))
