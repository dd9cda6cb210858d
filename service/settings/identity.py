"""Who may do what, and who vouches for them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from service.security import scopes
from service.security.provider import ALGORITHMS, Provider
from service.settings.environment import PREFIX


class Identity(BaseModel):
    """What is allowed without a key, the first key, and the OpenID provider whose tokens are taken."""

    anonymous: str | None = Field(
        None,
        description="What may be done without a key: read, run or admin (each holds those before it), or "
        "none; by default everything from this very machine, while the service listens to nobody "
        "else; read otherwise.",
    )
    admin_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="A key that may do everything, to begin with: 32 characters or more, beyond guessing.",
    )
    oidc_issuer: str | None = Field(
        None, description="OpenID provider whose bearer tokens are taken (their claim `iss`)."
    )
    oidc_audience: str | None = Field(None, description="What the tokens must be made for (`aud`).")
    oidc_jwks_url: str | None = Field(
        None, description="Where the provider publishes its keys (JWKS); else it is asked for that."
    )
    oidc_algorithms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("RS256", "ES256"), description="Signatures that are taken, by comma."
    )
    oidc_scope_claim: str = Field(
        "scope", description="Claim that holds the scopes: ogive:read, ogive:run, ogive:admin."
    )

    @field_validator("oidc_algorithms", mode="before")
    @classmethod
    def _only_public_keys(cls, value: object) -> object:
        names = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
        if wrong := [name for name in names if name not in ALGORITHMS]:
            raise ValueError(f"{wrong[0]!r} is not taken; these are: {', '.join(ALGORITHMS)}")
        return names

    @field_validator("anonymous")
    @classmethod
    def _scopes(cls, value: str | None) -> str | None:
        if value is not None:
            scopes.parse(value)
        return value

    @model_validator(mode="after")
    def _provider_whole(self) -> Identity:
        names = ("oidc_issuer", "oidc_audience")
        missing = [name for name in names if getattr(self, name) is None]
        if missing and (len(missing) < len(names) or self.oidc_jwks_url is not None):
            given = " and ".join(f"{PREFIX}{name.upper()}" for name in missing)
            raise ValueError(f"an OpenID provider takes an issuer and an audience; give {given} too")
        return self

    @property
    def provider(self) -> Provider | None:
        """The OpenID provider whose tokens are taken."""
        if self.oidc_issuer is None or self.oidc_audience is None:
            return None
        return Provider(
            self.oidc_issuer,
            self.oidc_audience,
            self.oidc_jwks_url,
            self.oidc_algorithms,
            self.oidc_scope_claim,
        )
