"""Which service works for a job, and until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nobody works yet for the jobs that are there: the first service that looks takes up the live ones."""
    op.add_column("jobs", sa.Column("holder", sa.String(length=64)))
    op.add_column("jobs", sa.Column("lease", sa.Float()))
