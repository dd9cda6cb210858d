"""An OpenID provider, as settings name it."""

from __future__ import annotations

from dataclasses import dataclass

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures whose key is not secret; with any other, who can check a token could make one"""


@dataclass(frozen=True, slots=True)
class Provider:
    """Whose tokens are taken."""

    issuer: str
    audience: str
    """What a token must have been made for"""
    jwks_url: str | None
    """Where its keys are; None to ask the issuer for it"""
    algorithms: tuple[str, ...]
    scope_claim: str
