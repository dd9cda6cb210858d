"""The tables of the first release.

Ogive made them by itself before it counted revisions: what is there already stays.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables that are not there yet."""
    op.create_table(
        "catalog_items",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("west", sa.Float(), nullable=False),
        sa.Column("south", sa.Float(), nullable=False),
        sa.Column("east", sa.Float(), nullable=False),
        sa.Column("north", sa.Float(), nullable=False),
        sa.Column("first", sa.DateTime(), nullable=False),
        sa.Column("last", sa.DateTime(), nullable=False),
        sa.Column("footprint", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="catalog_items_pkey"),
        sa.UniqueConstraint("id", name="catalog_items_id_key"),
        if_not_exists=True,
    )
    op.create_index("ix_catalog_items_collection", "catalog_items", ["collection"], if_not_exists=True)
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="idempotency_keys_pkey"),
        if_not_exists=True,
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created"], if_not_exists=True)
    op.create_table(
        "job_callbacks",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime()),
        sa.PrimaryKeyConstraint("number", name="job_callbacks_pkey"),
        sa.UniqueConstraint("job", "status", name="job_callbacks_job_status_key"),
        if_not_exists=True,
    )
    op.create_index("ix_job_callbacks_due", "job_callbacks", ["due"], if_not_exists=True)
    op.create_table(
        "job_logs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("time", sa.DateTime(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="job_logs_pkey"),
        if_not_exists=True,
    )
    op.create_index("ix_job_logs_job", "job_logs", ["job"], if_not_exists=True)
    op.create_table(
        "job_results",
        sa.Column("job", sa.String(length=36), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="job_results_pkey"),
        if_not_exists=True,
    )
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("started", sa.DateTime()),
        sa.Column("finished", sa.DateTime()),
        sa.Column("updated", sa.DateTime(), nullable=False),
        sa.Column("estimated_finish", sa.DateTime()),
        sa.Column("seconds", sa.Float()),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("deadline", sa.DateTime()),
        sa.Column("max_cpu_seconds", sa.Float()),
        sa.Column("pixels", sa.Integer(), nullable=False),
        sa.Column("layers", sa.Integer(), nullable=False),
        sa.Column("estimated_cpu_seconds", sa.Float()),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("blocks_total", sa.Integer(), nullable=False),
        sa.Column("blocks_done", sa.Integer(), nullable=False),
        sa.Column("blocks_empty", sa.Integer(), nullable=False),
        sa.Column("blocks_failed", sa.Integer(), nullable=False),
        sa.Column("cpu_seconds", sa.Float(), nullable=False),
        sa.Column("product", sa.String()),
        sa.Column("collection", sa.String()),
        sa.Column("item", sa.String()),
        sa.Column("summary", sa.JSON(none_as_null=True)),
        sa.Column("problem", sa.JSON(none_as_null=True)),
        sa.Column("expires", sa.DateTime()),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="jobs_pkey"),
        sa.UniqueConstraint("id", name="jobs_id_key"),
        sa.UniqueConstraint(
            "request_sha256", "version", "attempt", name="jobs_request_sha256_version_attempt_key"
        ),
        if_not_exists=True,
    )
    op.create_index("ix_jobs_expires", "jobs", ["expires"], if_not_exists=True)
    op.create_index("ix_jobs_process", "jobs", ["process"], if_not_exists=True)
    op.create_index("ix_jobs_status", "jobs", ["status"], if_not_exists=True)
