"""The API keys of a service, in its database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.database import METADATA
from service.jobs.job import now
from service.security.keys import Presented, matches, mint
from service.security.scopes import Scope, Scopes, with_lower

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("id", sa.String(8), primary_key=True, doc="The part of the key that names it"),
    sa.Column("sha256", sa.String(64), nullable=False, doc="Of the part that is secret"),
    sa.Column("name", sa.String, nullable=False, index=True, doc="Whose it is; several keys may be one's"),
    sa.Column("scope", sa.String(16), nullable=False, doc="The highest; it holds those below it"),
    sa.Column("created", sa.DateTime, nullable=False, doc="Naive UTC, as all moments here"),
    sa.Column("expires", sa.DateTime),
    sa.Column("revoked", sa.DateTime),
)


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key beside its secret."""

    id: str
    name: str
    scope: Scope
    created: dt.datetime
    expires: dt.datetime | None
    revoked: dt.datetime | None

    @property
    def state(self) -> str:
        """`valid`, `expired` or `revoked`."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now() else "valid"

    @property
    def scopes(self) -> Scopes:
        """All that it may do."""
        return with_lower([self.scope])


class Keyring:
    """The table of keys."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(self, name: str, scope: Scope, days: float | None = None) -> tuple[str, Key]:
        """A new key and its record; the key itself can never be read again."""
        made = now()
        expires = None if days is None else made + dt.timedelta(days=days)
        while True:
            secret, kept = mint()
            key = Key(kept.id, name, scope, made, expires, None)
            row = {field: getattr(key, field) for field in Key.__slots__} | {"sha256": kept.digest}
            try:
                async with self._engine.begin() as connection:
                    await connection.execute(API_KEYS.insert().values(row))
            except IntegrityError:  # one of four thousand million names is taken
                continue
            return secret, key

    async def all(self) -> list[Key]:
        """Every key, the oldest first."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(sa.select(API_KEYS).order_by(API_KEYS.c.created, API_KEYS.c.id))
        return [_key(row) for row in rows]

    async def revoke(self, key_id: str) -> bool:
        """Let a key be worth nothing from now on; tells whether there is one of this id."""
        this = API_KEYS.c.id == key_id
        async with self._engine.begin() as connection:
            await connection.execute(
                API_KEYS.update().where(this, API_KEYS.c.revoked.is_(None)).values(revoked=now())
            )
            return await connection.scalar(sa.select(API_KEYS.c.id).where(this)) is not None

    async def find(self, presented: Presented) -> Key | None:
        """The key that is presented, whatever its state; None where there is none such."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(sa.select(API_KEYS).where(API_KEYS.c.id == presented.id))).first()
        return _key(row) if row is not None and matches(presented, row.sha256) else None


def _key(row: sa.Row) -> Key:
    values = {field: getattr(row, field) for field in Key.__slots__}
    return Key(**values | {"scope": Scope(row.scope)})
