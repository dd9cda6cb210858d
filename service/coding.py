"""Content codings (RFC 9110, section 8.4): text leaves smaller where the client takes it so.

Each coding has an entity tag of its own: that of the plain bytes with the coding's name behind it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable

import brotli
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kept import KeptLately

_CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=4),
    "gzip": lambda content: gzip.compress(content, compresslevel=5, mtime=0),
}
"""Those of equal liking in the order of preference; equal bytes give equal bytes"""
_TEXT = re.compile(r"text/|application/(\w[\w.-]*\+)?(json|xml)\b")
_LEAST_BYTES = 500
"""What is smaller fits one packet as it is"""
_LARGE_BYTES = 1 << 17
"""What is larger takes longer than the event loop should be held up"""
_ROOM = 16 << 20
"""Bytes of coded texts that are kept for when the same bytes are sent again"""
_TAG = re.compile(r'"[^"]*"')


class ContentCoding:
    """Codes whole text responses; streams, ranges and files pass as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: KeptLately[tuple[str, bytes], bytes] = KeptLately(_ROOM, len)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its conditions in terms of plain bytes, and code the response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        coding, had = _liked(headers.get("accept-encoding", "")), headers.get("if-none-match", "")
        coder = _Coder(send, coding, had, self._kept)
        if coder.had:
            plain = [(name, value) for name, value in scope["headers"] if name != b"if-none-match"]
            named = ", ".join(_plain(tag) for tag in coder.had).encode("latin-1")
            scope = {**scope, "headers": [*plain, (b"if-none-match", named)]}
        await self.app(scope, receive, coder.send)


class _Coder:
    """One response on its way out."""

    def __init__(
        self, send: Send, coding: str | None, had: str, kept: KeptLately[tuple[str, bytes], bytes]
    ) -> None:
        self._send, self._coding, self._kept = send, coding, kept
        self.had = _TAG.findall(had)
        """Tags that the client names"""
        self._held: Message | None = None

    async def send(self, message: Message) -> None:
        """Take a message of the response: its start waits for the first part of the body."""
        if message["type"] == "http.response.start":
            self._start(message)
            if self._held is None:
                await self._send(message)
            return
        if self._held is not None:
            start, self._held = self._held, None
            body = message.get("body", b"")
            if not message.get("more_body") and len(body) >= _LEAST_BYTES:
                message = message | {"body": await self._coded(start, body)}
            await self._send(start)
        await self._send(message)

    def _start(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        if message["status"] == 304:
            self._name_as_asked(headers)
        text = _TEXT.match(headers.get("content-type", ""))
        # Ranges and lengths that were told for the plain bytes must stay true of what is sent.
        if not text or "content-encoding" in headers or headers.get("accept-ranges") == "bytes":
            return
        headers.add_vary_header("Accept-Encoding")
        if self._coding is not None and message["status"] != 206:
            self._held = message

    async def _coded(self, start: Message, body: bytes) -> bytes:
        headers, code = MutableHeaders(scope=start), _CODINGS[self._coding]
        # By their digest: kept as a key, the plain bytes would take many times the room of the coded.
        key = self._coding, hashlib.sha256(body).digest()
        if (coded := self._kept.get(key)) is None:
            coded = await run_in_threadpool(code, body) if len(body) > _LARGE_BYTES else code(body)
            self._kept.put(key, coded)
        headers["Content-Encoding"] = self._coding
        headers["Content-Length"] = str(len(coded))
        if "etag" in headers:
            headers["ETag"] = f'{headers["etag"][:-1]}-{self._coding}"'
        return coded

    def _name_as_asked(self, headers: MutableHeaders) -> None:
        """A client is told the very tag that it has, with the coding that it has it in."""
        for tag in self.had:
            if _plain(tag) == headers.get("etag"):
                headers["ETag"] = tag
        headers.add_vary_header("Accept-Encoding")


def _plain(tag: str) -> str:
    """The tag of the plain bytes."""
    for coding in _CODINGS:
        tag = tag.replace(f'-{coding}"', '"')
    return tag


def _liked(accepted: str) -> str | None:
    """The coding that a client likes best; None for none."""
    liking: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, quality = (piece.strip() for piece in part.partition(";"))
        try:
            liking[name] = float(quality.removeprefix("q=") or 1)
        except ValueError:
            liking[name] = 0.0
    rest = liking.get("*", 0.0)
    best = max(_CODINGS, key=lambda name: liking.get(name, rest))
    return best if liking.get(best, rest) > 0 else None
