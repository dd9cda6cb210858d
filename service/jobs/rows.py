"""Rows of the table of jobs as records."""

from __future__ import annotations

from dataclasses import fields

import sqlalchemy as sa

from service.jobs.job import Job, Status
from service.jobs.table import JOBS

COLUMNS = [JOBS.c[field.name] for field in fields(Job)]
"""What a record takes of a row"""


def select(*conditions: sa.ColumnElement[bool]) -> sa.Select:
    """A query for the records that were not dropped."""
    return sa.select(*COLUMNS).where(JOBS.c.dropped.is_(False), *conditions)


def job(row: sa.Row) -> Job:
    """A row as a record."""
    values = {column.name: getattr(row, column.name) for column in COLUMNS}
    return Job(**values | {"status": Status(row.status)})
