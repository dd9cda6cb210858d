"""The tables of jobs: their records, the keys and log lines that belong to them, and the callbacks due."""

from __future__ import annotations

import sqlalchemy as sa

from service.database import METADATA

__all__ = ["CALLBACKS", "JOBS", "KEYS", "LOGS", "RESULTS"]

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, doc="Counts jobs in the order of their arrival"),
    sa.Column("id", sa.String(36), nullable=False, unique=True),
    sa.Column("process", sa.String, nullable=False, index=True),
    sa.Column("status", sa.String(16), nullable=False, index=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("created", sa.DateTime, nullable=False, doc="Naive UTC, as all moments here"),
    sa.Column("started", sa.DateTime),
    sa.Column("finished", sa.DateTime),
    sa.Column("updated", sa.DateTime, nullable=False),
    sa.Column("estimated_finish", sa.DateTime),
    sa.Column("seconds", sa.Float, doc="From start to end, once the job has ended"),
    sa.Column("request", sa.JSON, nullable=False),
    sa.Column("request_sha256", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("owner", sa.String, index=True),
    sa.Column("base", sa.String, nullable=False),
    sa.Column("deadline", sa.DateTime),
    sa.Column("max_cpu_seconds", sa.Float),
    sa.Column("pixels", sa.Integer, nullable=False),
    sa.Column("layers", sa.Integer, nullable=False),
    sa.Column("estimated_cpu_seconds", sa.Float),
    sa.Column("plan", sa.Text, nullable=False, doc="JSON of workers.plan.Plan"),
    sa.Column("blocks_total", sa.Integer, nullable=False),
    sa.Column("blocks_done", sa.Integer, nullable=False, default=0),
    sa.Column("blocks_empty", sa.Integer, nullable=False, default=0),
    sa.Column("blocks_failed", sa.Integer, nullable=False, default=0),
    sa.Column("cpu_seconds", sa.Float, nullable=False, default=0.0),
    sa.Column("product", sa.String),
    sa.Column("collection", sa.String),
    sa.Column("item", sa.String),
    sa.Column("summary", sa.JSON(none_as_null=True)),
    sa.Column("problem", sa.JSON(none_as_null=True)),
    sa.Column("expires", sa.DateTime, index=True),
    sa.Column("holder", sa.String(64), doc="The service that works for it, if one does"),
    sa.Column("lease", sa.Float, doc="Until when, in seconds since 1970 by the clock of the database"),
    # A dropped record stays as a mark, so that no later job takes its version and so its product's place.
    sa.Column("dropped", sa.Boolean, nullable=False, default=False),
    # Of two equal requests at the same moment one is refused here and then finds the other.
    sa.UniqueConstraint("request_sha256", "version", "attempt"),
)
KEYS = sa.Table(
    "idempotency_keys",
    METADATA,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("body_sha256", sa.String(64), nullable=False),
    sa.Column("job", sa.String(36), nullable=False),
    sa.Column("created", sa.DateTime, nullable=False, index=True),
)
LOGS = sa.Table(
    "job_logs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("job", sa.String(36), nullable=False, index=True),
    sa.Column("time", sa.DateTime, nullable=False),
    sa.Column("level", sa.String(8), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
)
CALLBACKS = sa.Table(
    "job_callbacks",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("job", sa.String(36), nullable=False),
    sa.Column("status", sa.String(16), nullable=False, doc="The state of the job that is told"),
    sa.Column("uri", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("due", sa.DateTime, index=True, doc="By the database's clock; None once delivered or given up"),
    # A job that a later process resumes starts again; its start is told once.
    sa.UniqueConstraint("job", "status"),
)
RESULTS = sa.Table(
    "job_results",
    METADATA,
    sa.Column("job", sa.String(36), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False, doc="JSON of what a job without product made, gzip"),
)
