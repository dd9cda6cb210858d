"""API keys, and whose a job is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Jobs that are there already are nobody's: only who may everything sees them listed."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("expires", sa.DateTime()),
        sa.Column("revoked", sa.DateTime()),
        sa.PrimaryKeyConstraint("id", name="api_keys_pkey"),
    )
    op.create_index("ix_api_keys_name", "api_keys", ["name"])
    op.add_column("jobs", sa.Column("owner", sa.String()))
    op.create_index("ix_jobs_owner", "jobs", ["owner"])
