"""The line to the S3 server, made bad: a proxy that refuses, breaks off, delays and holds what passes it."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType

import aiohttp
from aiohttp import web
from yarl import URL

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: what is closed is reset"""
_OWN_HEADERS = {"connection", "content-length", "expect", "transfer-encoding", "keep-alive"}
_LARGEST = 1 << 30
_SLOW_DOWN = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your rate.</Message></Error>"
)


@dataclass(slots=True)
class Faults:
    """What happens to requests; the shares are drawn for each anew."""

    refused: float = 0.0
    """Share that is answered with 503"""
    broken: float = 0.0
    """Share whose connection is reset: before it is carried out, after, or half-way through the answer"""
    delay: float = 0.0
    """Seconds that each waits, half before it is carried out and half after"""
    holds: Callable[[str, str], bool] = field(default=lambda method, path: False)
    """Tells by method and path which wait until the faults change"""


class Line:
    """A proxy on loopback with a thread of its own."""

    def __init__(self, port: int, seed: int = 0) -> None:
        """A line at a port; `target`, the port of the server behind it, is set before the first request."""
        self.port, self.target = port, 0
        self.requests: Counter[str] = Counter()
        """By method, and those `refused` and `broken`"""
        self.bytes: Counter[str] = Counter()
        """`read` and `written` by the clients"""
        self.held: list[str] = []
        """Method and path of what was held"""
        self._faults, self._draw = Faults(), random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)

    @property
    def url(self) -> str:
        """Where clients reach the server through it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def faults(self) -> Faults:
        """What happens now; setting them lets go of what was held."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.held.clear()
        self._faults = faults

    def __enter__(self) -> Line:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.faults = Faults()
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _open(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        self._behind = aiohttp.ClientSession(auto_decompress=False, timeout=timeout)
        everything = web.Application(client_max_size=_LARGEST)
        everything.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(everything, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._behind.close()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        faults, path = self._faults, request.raw_path
        body = await request.read()
        self.requests[request.method] += 1
        self.bytes["written"] += len(body)
        if faults.holds(request.method, path):
            self.held.append(f"{request.method} {path}")
            while self._faults is faults:
                await asyncio.sleep(0.02)
        drawn = self._draw.random()
        if drawn < faults.refused:
            self.requests["refused"] += 1
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, body=_SLOW_DOWN)
        breaks = drawn < faults.refused + faults.broken
        when = self._draw.choice(("before", "after", "half-way")) if breaks else ""
        self.requests["broken"] += breaks
        if when == "before":
            return _reset(request)
        await asyncio.sleep(faults.delay / 2)
        try:
            status, headers, answer = await self._carry_out(request, body)
        except aiohttp.ClientError:  # the server is away: so is the line to it
            return _reset(request)
        await asyncio.sleep(faults.delay / 2)
        self.bytes["read"] += len(answer)
        if when == "after":
            return _reset(request)
        if when == "half-way":
            return await _half(request, status, headers, answer)
        if request.method == "HEAD":
            return web.Response(status=status, headers=headers)
        return web.Response(status=status, headers=_without_length(headers), body=answer)

    async def _carry_out(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        url = URL(f"http://127.0.0.1:{self.target}{request.raw_path}", encoded=True)
        async with self._behind.request(
            request.method,
            url,
            data=body or None,
            headers=headers,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as answer:
            kept = {
                n: v for n, v in answer.headers.items() if n.lower() not in _OWN_HEADERS - {"content-length"}
            }
            return answer.status, kept, await answer.read()


def _without_length(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "content-length"}


def _reset(request: web.Request) -> web.StreamResponse:
    """Break the connection: the client gets no answer but a reset."""
    if (transport := request.transport) is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        transport.abort()
    return web.Response()


async def _half(
    request: web.Request, status: int, headers: dict[str, str], answer: bytes
) -> web.StreamResponse:
    """Send half of an answer, then break the connection."""
    half = web.StreamResponse(status=status, headers=_without_length(headers))
    half.content_length = len(answer)
    await half.prepare(request)
    if request.method != "HEAD":
        await half.write(answer[: len(answer) // 2])
    return _reset(request)
