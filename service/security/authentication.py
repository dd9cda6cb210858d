"""Who sends a request, by its headers."""

from __future__ import annotations

import re
import time

from starlette.datastructures import Headers

from service.errors import Unauthorized
from service.security.caller import ANONYMOUS, Caller, loopback, network
from service.security.keyring import Key, Keyring
from service.security.keys import Presented, read, same
from service.security.scopes import EVERYTHING, Scope, Scopes, parse
from service.security.tokens import Tokens
from service.settings import Settings

KEY_HEADER = "X-API-Key"
STRANGERS: Scopes = frozenset({Scope.read})
"""What may be done without a key where nothing is set"""
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_RECENT_SECONDS, _MOST_RECENT = 5.0, 1000
"""How long a key is taken for what it was, which spares most requests a question to the database"""
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
"""Headers that a proxy adds: what it passes on did not begin on this machine"""


class Authenticator:
    """Tells callers by their keys, their tokens, or their addresses."""

    def __init__(self, settings: Settings, keyring: Keyring) -> None:
        self._settings, self._keyring = settings, keyring
        self._recent: dict[Presented, tuple[float, Key]] = {}
        provider = settings.provider
        self._tokens = None if provider is None else Tokens(provider)
        self._given = None if settings.anonymous is None else parse(settings.anonymous)

    def anonymous(self, headers: Headers, address: str) -> Caller:
        """Who sends a request that proves nothing."""
        if self._given is None and self._at_home(headers, address):
            return Caller(None, EVERYTHING, address)
        scopes = STRANGERS if self._given is None else self._given
        return Caller(ANONYMOUS, scopes, network(address))

    async def known(self, proof: str, anybody: Scopes) -> Caller:
        """Who sends a key or a token; they may at least what anybody may.

        Raises:
            Unauthorized: it is none that is valid.
            IdentityUnavailable: it is a token, and the provider does not answer.
        """
        admin = self._settings.admin_key
        if admin is not None and same(proof, admin.get_secret_value()):
            return Caller("setting:admin", EVERYTHING, "setting:admin")
        if (presented := read(proof)) is not None:
            key = await self._key(presented)
            if key is None:
                raise Unauthorized("There is no such API key; it may have been copied in part.")
            if key.state != "valid":
                raise Unauthorized(f"The API key {key.id} is {key.state}; ask for a new one.")
            return Caller(f"key:{key.name}", key.scopes | anybody, f"key:{key.id}")
        if self._tokens is None:
            raise Unauthorized("What was sent is no API key of this service, and it takes no tokens.")
        bearer = await self._tokens.check(proof)
        return Caller(f"oidc:{bearer.subject}", bearer.scopes | anybody, f"oidc:{bearer.subject}")

    async def _key(self, presented: Presented) -> Key | None:
        """The key that is presented, as it was seconds ago at most."""
        kept = self._recent.get(presented)
        if kept is None or time.monotonic() - kept[0] > _RECENT_SECONDS:
            self._recent.pop(presented, None)
            if (key := await self._keyring.find(presented)) is None:
                return None
            if len(self._recent) >= _MOST_RECENT:
                self._recent.clear()
            kept = self._recent[presented] = time.monotonic(), key
        return kept[1]

    def _at_home(self, headers: Headers, address: str) -> bool:
        """Whether a request comes from the machine itself, to a service that nobody else is meant to reach.

        The name that it was sent to and the page that sent it are looked at too: a web page of another site
        is a stranger in the browser of somebody who is at home, also where its own name leads to 127.0.0.1.
        """
        return (
            _for_home(self._settings)
            and loopback(address)
            and loopback(_host(headers.get("host", "")))
            and _begun_here(headers.get("origin"))
            and not any(name in headers for name in _PASSED_ON)
        )


def anybody_may(settings: Settings) -> Scopes:
    """What may be done without a key by who is nearest."""
    if settings.anonymous is not None:
        return parse(settings.anonymous)
    return EVERYTHING if _for_home(settings) else STRANGERS


def _for_home(settings: Settings) -> bool:
    """Whether a service is meant for its own machine alone."""
    return settings.public_url is None and loopback(settings.host)


def proof(headers: Headers) -> str | None:
    """The key or the token that a request carries; None where it carries none.

    Raises:
        Unauthorized: it carries several, or one in a form that is not taken.
    """
    keys, bearers = headers.getlist(KEY_HEADER), headers.getlist("Authorization")
    if len(keys) + len(bearers) > 1:
        raise Unauthorized(f"Several keys were sent; send one, as {KEY_HEADER} or as Authorization: Bearer.")
    if keys:
        return keys[0].strip()
    if not bearers:
        return None
    if (found := _BEARER.fullmatch(bearers[0])) is None:
        raise Unauthorized("Of Authorization only the form `Bearer KEY` is taken.")
    return found[1]


def _begun_here(origin: str | None) -> bool:
    """Whether no web page sent the request, or one of this machine."""
    return origin is None or loopback(_host(origin.partition("://")[2]))


def _host(header: str) -> str:
    """The host of a Host header, without its port."""
    return header.partition("]")[0] + "]" if header.startswith("[") else header.partition(":")[0]
