"""The tables of subscriptions: their records, and the letters that are yet to be taken."""

from __future__ import annotations

import sqlalchemy as sa

from service.database import METADATA

__all__ = ["LETTERS", "SUBSCRIPTIONS"]

SUBSCRIPTIONS = sa.Table(
    "subscriptions",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, doc="Counts them in the order of their arrival"),
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("owner", sa.String, index=True),
    sa.Column("base", sa.String, nullable=False),
    sa.Column("created", sa.DateTime, nullable=False, doc="Naive UTC, as all moments here"),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("address", sa.Text, nullable=False, doc="Path and query of the answer that is watched"),
    # Of two equal requests at the same moment one is refused here and then finds the other.
    sa.Column("request_sha256", sa.String(64), nullable=False, unique=True, doc="Its owner counts in"),
    sa.Column("looks", sa.Integer, nullable=False, default=0, doc="Looks begun, of which the last counts"),
    sa.Column("look_due", sa.Float, nullable=False, index=True, doc="Seconds since 1970, database's clock"),
    sa.Column("looked", sa.DateTime, doc="When the last look that saw something ended"),
    sa.Column("fingerprints", sa.JSON(none_as_null=True)),
    sa.Column("series_sha256", sa.String(64)),
    sa.Column("comparison", sa.JSON(none_as_null=True)),
    sa.Column("problem", sa.JSON(none_as_null=True)),
    sa.Column("told", sa.DateTime),
    sa.Column("telling", sa.Text, doc="What became of the last try to tell"),
)
LETTERS = sa.Table(
    "subscription_letters",
    METADATA,
    sa.Column("id", sa.String(64), primary_key=True, doc="The Idempotency-Key that it is sent with"),
    sa.Column("subscription", sa.String(36), nullable=False, unique=True),
    sa.Column("about", sa.String, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="JSON, gzip"),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("due", sa.Float, nullable=False, index=True, doc="Seconds since 1970, database's clock"),
)
