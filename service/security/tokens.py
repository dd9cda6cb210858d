"""Bearer tokens of an OpenID provider: JWTs (RFC 7519) whose signature its published keys prove."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.errors import Unauthorized
from service.security.keyset import KeySet
from service.security.provider import Provider
from service.security.scopes import Scope, Scopes, with_lower

PREFIX = "ogive:"
"""What our scopes begin with in a token, lest a provider's `admin` of something else be taken for ours"""
_LONGEST = 8192
_LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who shows a token."""

    subject: str
    scopes: Scopes


class Tokens:
    """Checks the tokens of a provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._keys = KeySet(provider.issuer, provider.jwks_url)

    async def check(self, token: str) -> Bearer:
        """Who shows a token, and what it lets them do.

        Raises:
            Unauthorized: it is malformed, forged, over, not yet valid, or made for somebody else.
            IdentityUnavailable: the keys of the provider cannot be had.
        """
        import jwt  # costly to import, and needed only where a provider is set

        provider = self._provider
        if len(token) > _LONGEST:
            raise Unauthorized(f"The token is longer than {_LONGEST} characters.")
        try:
            header = jwt.get_unverified_header(token)
            if (algorithm := header.get("alg")) not in provider.algorithms:
                raise Unauthorized(
                    f"The token is signed with {algorithm}; {', '.join(provider.algorithms)} is taken."
                )
            key = await self._keys.get(header.get("kid"))
            if key is None:
                raise Unauthorized("The token is signed with a key that the OpenID provider does not name.")
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=provider.audience,
                issuer=provider.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(f"The token is not valid: {str(error).rstrip('.')}.") from None
        return Bearer(claims["sub"], _scopes(claims, provider.scope_claim))


def _scopes(claims: Mapping[str, Any], claim: str) -> Scopes:
    """Our scopes among those of a token, which are one text by blanks (RFC 8693, section 4.2) or a list."""
    given = claims.get(claim, "")
    names = given.split() if isinstance(given, str) else given if isinstance(given, list) else []
    return with_lower(scope for scope in Scope if f"{PREFIX}{scope}" in names)
