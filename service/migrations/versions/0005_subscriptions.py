"""Subscriptions to places, and what is yet to be told of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "subscriptions",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner", sa.String()),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("look_due", sa.Float(), nullable=False),
        sa.Column("looked", sa.DateTime()),
        sa.Column("fingerprints", sa.JSON()),
        sa.Column("series_sha256", sa.String(length=64)),
        sa.Column("comparison", sa.JSON()),
        sa.Column("problem", sa.JSON()),
        sa.Column("told", sa.DateTime()),
        sa.Column("telling", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="subscriptions_pkey"),
        sa.UniqueConstraint("id", name="subscriptions_id_key"),
        sa.UniqueConstraint("request_sha256", name="subscriptions_request_sha256_key"),
    )
    for name in ("owner", "look_due"):
        op.create_index(f"ix_subscriptions_{name}", "subscriptions", [name])
    op.create_table(
        "subscription_letters",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("subscription", sa.String(length=36), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="subscription_letters_pkey"),
        sa.UniqueConstraint("subscription", name="subscription_letters_subscription_key"),
    )
    op.create_index("ix_subscription_letters_due", "subscription_letters", ["due"])
