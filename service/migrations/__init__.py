"""The schema of the database, and how a database that an earlier Ogive made is brought up to it.

Every change of a table is a revision of its own in `versions`, numbered in the order of the changes and
never edited once it is released. Alembic carries them out. A database at the last revision, which is the
usual case, costs one query and no import.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from workers.errors import StoreNotWritable

__all__ = ["HEAD", "upgrade"]

_HERE = Path(__file__).parent
HEAD = max(path.name[:4] for path in (_HERE / "versions").glob("[0-9]*.py"))
"""The last revision; revisions are numbered in their files' names"""
_VERSION = sa.table("alembic_version", sa.column("version_num"))
_LOCK = int.from_bytes(b"ogive")
"""Which advisory lock of PostgreSQL stands for the schema"""


async def upgrade(engine: AsyncEngine) -> None:
    """Make the tables of an empty database, or bring those of an earlier Ogive up to this one's.

    All of it happens in one transaction, by one process at a time; others that start meanwhile wait.
    Tables that were made before revisions were counted are taken for those of the first.

    Raises:
        StoreNotWritable: a newer Ogive has changed the database.
    """
    async with engine.connect() as connection:
        if await connection.run_sync(_revision) == HEAD:
            return
    async with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            # The driver begins a transaction before data are changed, but not before tables are.
            await connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        await connection.run_sync(_upgrade)


def _revision(connection: sa.Connection) -> str | None:
    """The revision of a database; None where none is noted."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.scalar(sa.select(_VERSION.c.version_num))


def _upgrade(connection: sa.Connection) -> None:
    # Costly to import, and needed here alone.
    from alembic import command
    from alembic.config import Config

    revision = _revision(connection)
    known = {path.name[:4] for path in (_HERE / "versions").glob("[0-9]*.py")}
    if revision is not None and revision not in known:
        database = connection.engine.url.render_as_string()
        raise StoreNotWritable(
            f"The database {database} is at revision {revision}, and this Ogive knows none after {HEAD}: "
            "a newer Ogive has changed it. Start that one, or name another database as OGIVE_DATABASE."
        )
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    command.upgrade(config, "head")
