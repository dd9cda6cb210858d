"""How large and how deep a request may be, before anything reads it."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.dependencies import base_url
from service.errors import BodyTooLarge, CodedBody, QueryTooLong, SlowBody
from service.formats.problem import problem
from service.middleware import instance
from service.security.keys import LIKE_A_KEY
from service.settings import Settings
from workers.errors import InvalidRequest, OgiveError

DEEPEST = 64
"""Levels of arrays and objects in a body; GeoJSON has eight, filters are written by people"""
_SECONDS = 30.0
_KEY_NAMES = frozenset(
    ("api_key", "apikey", "api-key", "x-api-key", "access_token", "authorization", "bearer", "id_token")
)
_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


class Bounds:
    """Refuses what is too large, too deep, compressed or slow, and keys in the address."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._query, self._body = settings.limit_query, settings.limit_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body read whole, or tell why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        part = "query"
        try:
            self._check_query(scope)
            part = "body"
            headers = Headers(scope=scope)
            if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
                body = await self._read(headers, receive)
                if body is None:
                    return
                check_depth(body)
                receive = _again(body, receive)
        except OgiveError as error:
            made = problem(error, base_url(Request(scope)), instance(scope), part)
            await made.response()(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _check_query(self, scope: Scope) -> None:
        query = scope["query_string"]
        given = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        secret = [name for name, value in given if _secret(name, value)]
        if secret:
            # In place: servers write the address into their logs from this very scope, after the answer.
            hidden = [(name, "hidden" if name in secret else value) for name, value in given]
            scope["query_string"] = urlencode(hidden).encode()
            raise InvalidRequest(
                "A key does not belong into an address, which ends in logs and histories: send it in the "
                "header X-API-Key, and let this one be revoked.",
                secret[0] if secret[0].lower() in _KEY_NAMES else "",
            )
        if len(query) > self._query:
            raise QueryTooLong(
                f"The query string has {len(query)} bytes; {self._query} may be.", "query", self._query
            )

    async def _read(self, headers: Headers, receive: Receive) -> bytes | None:
        """The whole body; None where the client has gone.

        Raises:
            CodedBody, BodyTooLarge, SlowBody: it is not read.
        """
        coding = headers.get("content-encoding", "identity")
        if coding.strip().lower() != "identity":
            raise CodedBody(f"The body is coded with {coding!r}; send it as it is.")
        told = headers.get("content-length", "0")
        too_large = BodyTooLarge(
            f"The body has more than the {self._body} bytes that may be.", "body", self._body
        )
        if not told.isdigit() or int(told) > self._body:
            raise too_large
        parts, size = [], 0
        try:
            async with asyncio.timeout(_SECONDS):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self._body:
                        raise too_large
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            raise SlowBody(f"After {_SECONDS:.0f} s only {size} bytes of the body had come.") from None


def check_depth(body: bytes) -> None:
    """Refuse JSON whose arrays and objects lie too deep in each other: readers of it call themselves.

    Raises:
        InvalidRequest: they do, or brackets have no partners.
    """
    if body.count(b"[") + body.count(b"{") <= DEEPEST:
        return
    brackets = _STRING.sub(b"", body).translate(None, _NO_BRACKETS)
    # Each pass takes away the innermost pairs, and so a level.
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if len(brackets) > DEEPEST:
        raise InvalidRequest(
            f"The body is nested deeper than {DEEPEST} levels, or its brackets do not match."
        )


def _secret(name: str, value: str) -> bool:
    return name.lower() in _KEY_NAMES or bool(LIKE_A_KEY.search(value) or _TOKEN.search(value))


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, and then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
