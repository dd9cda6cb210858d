"""`ogive serve`: the service itself."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service import memory
from service.cli import options
from service.listening import listen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)
_MOST_HEADER_BYTES = 1 << 15
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
    listener = listen(settings.host, settings.port, "--port")
    with listener:
        _answer(settings, listener)


def _answer(settings: Any, listener: socket.socket) -> None:
    """Answer requests until SIGINT or SIGTERM, then shut down in order."""
    import uvicorn

    from service.app import create_app
    from workers.cubes import chunk_folder
    from workers.telemetry import logs, spans
    from workers.version import VERSION

    memory.few_heaps()
    logs.install(settings.log_format, settings.log_level)
    spans.install("ogive")
    chunk_folder.install(settings.chunks, settings.chunks_bytes)

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            memory.settle()
            log.setLevel(logging.WARNING)
            host, port = listener.getsockname()[:2]
            address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            told = f"Ogive {VERSION} answers at http://{address} (data in {settings.data})"
            if settings.log_format == "json":
                _log.info(told)
            else:
                typer.echo(f"{told}; Ctrl-C stops it")

    application = _Startup(create_app(settings))
    config = uvicorn.Config(
        application,
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        # Not whichever parser is installed: this one has a bound on what it holds before a request is whole.
        http="h11",
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
        ws="none",
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
