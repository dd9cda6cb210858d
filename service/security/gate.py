"""The gate that every request passes: who is it, and have they sent too many?"""

from __future__ import annotations

import math

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.dependencies import base_url
from service.errors import RateLimited, Unauthorized
from service.formats.problem import problem
from service.middleware import instance
from service.security.authentication import Authenticator, proof
from service.security.caller import Caller
from service.security.rates import Left, Rates, Spent, Window, parse
from service.settings import Settings
from workers.errors import OgiveError

_OPEN = "/health/"
"""Told to probes whoever they are, also while the database is away"""
_OBJECTS = "/store/"
_OBJECTS_A_REQUEST = 20
"""One opened product reads many objects"""


class Gate:
    """Notes the caller of each request as `request.state.caller`, and counts what they send.

    The authenticator is that of the running application, `app.state.authenticator`.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._limits = {
            "requests": settings.limit_requests,
            "requests_anonymous": settings.limit_requests_anonymous,
        }
        self._rates = {
            (known, objects): Rates(_windows(text, _OBJECTS_A_REQUEST if objects else 1))
            for known, text in (
                (True, self._limits["requests"]),
                (False, self._limits["requests_anonymous"]),
            )
            for objects in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or tell why not."""
        if scope["type"] != "http" or scope["path"].startswith(_OPEN):
            await self.app(scope, receive, send)
            return
        told: dict[str, str] = {}

        async def send_with_rates(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
            await send(message)

        try:
            scope["state"]["caller"] = await self._admitted(scope, told)
        except OgiveError as error:
            answer = problem(error, base_url(Request(scope)), instance(scope)).response()
            await answer(scope, receive, send_with_rates)
            return
        await self.app(scope, receive, send_with_rates)

    async def _admitted(self, scope: Scope, told: dict[str, str]) -> Caller:
        """The caller of a request that may go on; `told` takes the headers of their rates.

        Raises:
            Unauthorized, IdentityUnavailable: their key or token is worth nothing.
            RateLimited: they have sent too many.
        """
        authenticator: Authenticator = scope["app"].state.authenticator
        headers = Headers(scope=scope)
        anybody = authenticator.anonymous(headers, (scope.get("client") or ("",))[0])
        try:
            shown = proof(headers)
            caller = anybody if shown is None else await authenticator.known(shown, anybody.scopes)
        except Unauthorized:
            self._count(anybody, scope, told)  # or who guesses keys could do so without end
            raise
        self._count(caller, scope, told)
        return caller

    def _count(self, caller: Caller, scope: Scope, told: dict[str, str]) -> None:
        if caller.owner is None:
            return
        rates = self._rates[caller.known, scope["path"].startswith(_OBJECTS)]
        found = rates.take(caller.counted_as)
        told["RateLimit-Policy"] = ", ".join(
            f'"{window.name}";q={window.quota};w={window.seconds}' for window in rates.windows
        )
        told["RateLimit"] = _state(found)
        if isinstance(found, Spent):
            window = found.window
            name = "requests" if caller.known else "requests_anonymous"
            raise RateLimited(
                f"More than {window.quota} requests in a {window.name}; the next one may come in "
                f"{math.ceil(found.wait)} s.",
                name,
                self._limits[name],
                found.wait,
                window.name,
            )


def _state(found: Left | Spent) -> str:
    """What is left, as a structured field (draft-ietf-httpapi-ratelimit-headers-10, section 4)."""
    if isinstance(found, Spent):
        return f'"{found.window.name}";r=0;t={math.ceil(found.wait)}'
    return f'"{found.window.name}";r={found.requests};t={math.ceil(found.full_after)}'


def _windows(text: str, times: int) -> tuple[Window, ...]:
    return tuple(Window(each.name, times * each.quota, each.seconds) for each in parse(text))
