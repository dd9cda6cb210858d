"""The published keys (JWKS, RFC 7517) of an OpenID provider, as they come and go."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from service.errors import IdentityUnavailable

_FRESH_SECONDS, _USABLE_SECONDS, _PAUSE_SECONDS = 3600.0, 86400.0, 10.0
_TIMEOUT = httpx.Timeout(5.0)
_MOST_BYTES = 1 << 18
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class KeySet:
    """The keys of a provider, asked for again when they are old or a token names another.

    Whoever makes up names of keys cannot make us ask more often than every ten seconds.
    """

    issuer: str
    url: str | None = None
    """Where the keys are; None to ask the issuer for it"""
    _keys: dict[str | None, Any] = field(default_factory=dict)
    _asked: float = float("-inf")
    _had: float = float("-inf")
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, kid: str | None) -> Any | None:
        """The key of an id, or the only one there is where a token names none; None where there is none.

        Raises:
            IdentityUnavailable: the provider does not answer, and no keys of it are known that are a day old
                at most.
        """
        if not self._knows(kid):
            async with self._asking:
                if not self._knows(kid) and time.monotonic() - self._asked > _PAUSE_SECONDS:
                    await self._ask()
        if time.monotonic() - self._had > _USABLE_SECONDS:
            raise IdentityUnavailable(
                "The keys of the OpenID provider cannot be had now, so no token can be checked; try again "
                "later, or send an API key."
            )
        return self._find(kid)

    def _knows(self, kid: str | None) -> bool:
        return self._find(kid) is not None and time.monotonic() - self._had < _FRESH_SECONDS

    def _find(self, kid: str | None) -> Any | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    async def _ask(self) -> None:
        """Read the keys; where that fails, those known stay."""
        from jwt import PyJWKSet
        from jwt.exceptions import PyJWKSetError

        self._asked = time.monotonic()
        try:
            found = PyJWKSet.from_dict(await _document(self.url or await _published(self.issuer))).keys
        except (httpx.HTTPError, ValueError, TypeError, AttributeError, PyJWKSetError) as error:
            _log.warning("The keys of the OpenID provider %s cannot be read: %s", self.issuer, error)
            return
        # A symmetric key that is published is everybody's, and proves nothing.
        usable = (key for key in found if key.key_type != "oct" and key.public_key_use in (None, "sig"))
        self._keys = {key.key_id: key for key in usable}
        self._had = self._asked


async def _published(issuer: str) -> str:
    """Where an issuer says that its keys are (OpenID Connect Discovery 1.0, section 4).

    Raises:
        ValueError: its document is another issuer's, or names no address that is as safe as its own.
        httpx.HTTPError: it does not answer.
    """
    told = await _document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    if told.get("issuer") != issuer:
        raise ValueError(f"the document there is of the issuer {told.get('issuer')!r}")
    url = str(told.get("jwks_uri"))
    if not url.startswith(("https://", f"{httpx.URL(issuer).scheme}://")):
        raise ValueError(f"the document there names {url!r} as jwks_uri")
    return url


async def _document(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=_TIMEOUT) as client, client.stream("GET", url) as answer:
        answer.raise_for_status()
        content = b""
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _MOST_BYTES:
                raise ValueError(f"more than {_MOST_BYTES} bytes")
    return json.loads(content)
