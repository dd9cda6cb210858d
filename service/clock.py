"""The clock of the database, which all services that share one have in common, whatever their own say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles

__all__ = ["database_now", "database_seconds"]


class database_seconds(sa.sql.functions.FunctionElement[float]):  # noqa: N801 (SQL calls functions so)
    """Seconds since 1970 at the moment when the statement runs."""

    type = sa.Float()
    inherit_cache = True


@compiles(database_seconds, "sqlite")
def _of_sqlite(element: database_seconds, compiler: Any, **options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_seconds, "postgresql")
def _of_postgresql(element: database_seconds, compiler: Any, **options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


async def database_now(connection: AsyncConnection) -> dt.datetime:
    """This moment by the clock of the database, naive UTC."""
    seconds = await connection.scalar(sa.select(database_seconds()))
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
