"""Sends documents to addresses that clients name, without letting them reach into the operator's network.

A name is resolved once, every address it has must be public, and the connection goes to an address that was
checked: a second resolution could give another. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import os
import secrets
import socket
import ssl
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from workers.errors import StoreNotWritable

SIGNATURE = "Ogive-Signature"
_TIMEOUT = httpx.Timeout(10.0)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""Addresses that a gateway turns into those of IPv4, which end them (RFC 6052)"""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """The address is none that may be sent to."""


class Undelivered(Exception):
    """The receiver did not take it, this time."""


def check(uri: str) -> str:
    """The host of an address that could be sent to, as far as its text tells.

    Raises:
        ValueError: it is not https, has no host or carries a password.
    """
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"{uri!r} is no URI: {error}.") from None
    if parts.scheme != "https" or not host:
        raise ValueError(f"{uri!r} does not start with https:// and a host; no other address is sent to.")
    if parts.username is not None:
        raise ValueError("The URI carries a user name; put a token into its path or query instead.")
    return host


def public(address: Address) -> bool:
    """Whether an address lies on the open internet."""
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if mapped is None and address in _NAT64:
        mapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if mapped is not None:
        return public(mapped)
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int) -> list[str]:
    """Every address of a host.

    Raises:
        OSError: it has none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [address[0] for *_, address in found]


def signature(secret: bytes, content: bytes, moment: int) -> str:
    """`t=` seconds since 1970, `v1=` the HMAC-SHA256 (hex) of these, a dot and the body."""
    signed = f"{moment}.".encode() + content
    return f"t={moment},v1={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts signed documents. Tests put their own resolver, rule and certificates in place."""

    secret: bytes = field(repr=False)
    resolve: Callable[[str, int], Awaitable[list[str]]] = resolve
    permitted: Callable[[Address], bool] = public
    verify: ssl.SSLContext | bool = True

    async def post(self, uri: str, content: bytes, headers: Mapping[str, str]) -> None:
        """Post a body once.

        Raises:
            Refused: the address may not be sent to, now or later.
            Undelivered: nobody took it; it may be tried again.
        """
        try:
            host = check(uri)
        except ValueError as error:
            raise Refused(str(error)) from None
        url = httpx.URL(uri)
        try:
            async with asyncio.timeout(_TIMEOUT.connect):
                addresses = await self.resolve(host, url.port or 443)
        except OSError as error:
            raise Undelivered(f"{host} cannot be resolved: {error}.") from None
        for address in addresses:
            if not self.permitted(ipaddress.ip_address(address.partition("%")[0])):
                raise Refused(f"{host} has the address {address}, which is not on the open internet.")
        if not addresses:
            raise Undelivered(f"{host} has no address.")
        await self._post(url, addresses[0], content, headers)

    async def _post(self, url: httpx.URL, address: str, content: bytes, headers: Mapping[str, str]) -> None:
        signed = {SIGNATURE: signature(self.secret, content, int(time.time()))}
        try:
            async with (
                # An operator's proxy would resolve the name again.
                httpx.AsyncClient(verify=self.verify, timeout=_TIMEOUT, trust_env=False) as client,
                client.stream(
                    "POST",
                    url.copy_with(host=address),
                    content=content,
                    headers={**headers, **signed, "Host": url.netloc.decode()},
                    extensions={"sni_hostname": url.host},
                ) as answer,
            ):
                status = answer.status_code
        except httpx.HTTPError as error:
            raise Undelivered(f"{url.host} did not take it: {error or type(error).__name__}.") from None
        if not 200 <= status < 300:
            raise Undelivered(f"{url.host} answered {status}.")


def kept_secret(path: Path) -> bytes:
    """The secret in a file that only its owner may read; made at the first call.

    Raises:
        StoreNotWritable: the file is not there and cannot be made.
    """
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:
                draft.write(secrets.token_hex(32) + "\n")
                draft.flush()
                # Put there whole: a service that starts at the same moment must not read a part of it.
                with suppress(FileExistsError):
                    os.link(draft.name, path)
        except OSError as error:
            raise StoreNotWritable(
                f"The secret that signs callbacks cannot be kept in {path} ({error.strerror}); name a folder "
                "that can be written as OGIVE_DATA, or give the secret as OGIVE_CALLBACK_SECRET."
            ) from error
    return path.read_bytes().strip()
