"""`ogive serve`: the service itself."""

from __future__ import annotations

import errno
import logging
import socket
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli import options
from workers.errors import OgiveError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEEP_ALIVE_SECONDS = 75
"""Longer than clients and proxies keep a connection that rests, so that none is closed under a request"""


def serve(
    port: Annotated[
        int | None, typer.Option(metavar="N", help="Port to listen on; 0 takes a free one. Default: 8000.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Address to listen on. Default: 127.0.0.1.")
    ] = None,
    cube: options.Cubes = None,
) -> None:
    """Start the service: HTTP interface, job records, products and, unless a scheduler is set, workers.

    Everything that it writes lies in the one folder OGIVE_DATA, ./ogive-data by
    default. Options go before the OGIVE_* variables, which the README lists.

    Examples:
      ogive serve --port 8000
      ogive serve --port 8000 --cube CUBE.zarr --cube s3://bucket/CUBE.zarr
      OGIVE_SCHEDULER=tcp://scheduler:8786 ogive serve --host 0.0.0.0
    """
    settings = options.settings(port=port, host=host, cubes=tuple(cube) if cube else None)
    listener = _listen(settings.host, settings.port)
    with listener:
        _answer(settings, listener)


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, so that a port in use is told before anything else is started.

    Raises:
        OgiveError: the address cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise OgiveError(f"{host!r} is no address to listen on: {error.strerror}.") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise OgiveError(
                f"port {port} of {host} is in use; choose another with --port, or 0 for a free one."
            ) from None
        raise OgiveError(f"port {port} of {host} cannot be listened on: {error.strerror}.") from None
    return listener


def _answer(settings: Any, listener: socket.socket) -> None:
    """Answer requests until SIGINT or SIGTERM, then shut down in order."""
    import uvicorn

    from service.app import create_app
    from workers.version import VERSION

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            log.setLevel(logging.WARNING)
            host, port = listener.getsockname()[:2]
            address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            typer.echo(
                f"Ogive {VERSION} answers at http://{address} (data in {settings.data}); Ctrl-C stops it"
            )

    application = _Startup(create_app(settings))
    config = uvicorn.Config(
        application, lifespan="on", log_level="info", timeout_keep_alive=_KEEP_ALIVE_SECONDS
    )
    server = Server(config)
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.CRITICAL)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return
    except SystemExit:
        if application.error is None:
            raise
        raise application.error from None


class _Startup:
    """Keeps what stops the application from starting, of which uvicorn would only log the traceback."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application
        self.error: Exception | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.application(scope, receive, send)
            return

        async def without_traceback(message: Message) -> None:
            await send({"type": message["type"]} if message["type"].endswith("failed") else message)

        try:
            await self.application(scope, receive, without_traceback)
        except Exception as error:
            self.error = error
            raise
