"""How long the database takes for each statement."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from service.observability.measures import DATABASE_SECONDS

_KINDS = frozenset({"select", "insert", "update", "delete"})


def watch(engine: AsyncEngine) -> None:
    """Observe every statement that goes through an engine; of its text only the first word is looked at."""
    sa.event.listen(engine.sync_engine, "before_cursor_execute", _begins)
    sa.event.listen(engine.sync_engine, "after_cursor_execute", _ends)


def _begins(connection, cursor, statement, parameters, context: Any, executemany) -> None:
    context.ogive_began = time.perf_counter()


def _ends(connection, cursor, statement: str, parameters, context: Any, executemany) -> None:
    kind = statement.lstrip()[:6].lower()
    seconds = time.perf_counter() - context.ogive_began
    DATABASE_SECONDS.labels(kind if kind in _KINDS else "other").observe(seconds)
