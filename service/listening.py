"""A socket that listens, or a clear word on why there is none."""

from __future__ import annotations

import errno
import socket

from workers.errors import OgiveError


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket, so that a port in use is told before anything else is started.

    Args:
        host, port: where; port 0 takes a free one.
        setting: what the user may change.

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
                f"port {port} of {host} is in use; choose another with {setting}, or 0 for a free one."
            ) from None
        raise OgiveError(f"port {port} of {host} cannot be listened on: {error.strerror}.") from None
    return listener
