"""The SQL database of jobs and catalog: SQLite in a file by default, any other by its URL."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.observability import statements
from workers.errors import StoreNotWritable

METADATA = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ix": "ix_%(column_0_label)s",
    }
)
"""Every table; what a later revision may have to change has a name, that which PostgreSQL gives by itself"""
_BUSY_MS = 10_000


def connect(url: str, **options: Any) -> AsyncEngine:
    """The engine of a database; an SQLite file gets its folder, a write-ahead log and patience with writers.

    A connection of a pool is tried before it is used again, since a server may have ended meanwhile; a file
    has not, and trying it would double what a short query costs.

    Raises:
        StoreNotWritable: the folder of the file cannot be made.
    """
    tried = sa.make_url(url).get_backend_name() != "sqlite"
    engine = create_async_engine(url, pool_pre_ping=tried, json_deserializer=orjson.loads, **options)
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            folder = Path(engine.url.database).parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreNotWritable(
                    f"The database cannot be kept in {folder} ({error.strerror}); name a folder that can be "
                    "written as OGIVE_DATA, or another database as OGIVE_DATABASE."
                ) from error
        sa.event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    statements.watch(engine)
    return engine


def _prepare_sqlite(connection, record) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.close()


def away(error: BaseException) -> bool:
    """Whether an error says that the database cannot be reached or cannot write, for the moment."""
    if isinstance(error, DBAPIError):
        return not isinstance(error, DataError | IntegrityError | NotSupportedError | ProgrammingError)
    # What asyncpg raises while it connects reaches us as it is; "the database is starting up" is such.
    unconnected = isinstance(error, sa.exc.TimeoutError | ConnectionError | TimeoutError | socket.gaierror)
    return unconnected or type(error).__module__.partition(".")[0] == "asyncpg"


def reason(error: BaseException) -> str:
    """What an error of the database says, without the statement and its values."""
    return str(error).partition("\n")[0] or type(error).__name__
