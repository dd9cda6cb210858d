"""What Alembic runs revisions with: the connection of `service.migrations`, or one by the settings.

`alembic revision --autogenerate --rev-id 0002 -m "what changes"` drafts one from what the tables have become.
"""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from alembic import context

from service.catalog.table import ITEMS
from service.database import METADATA, connect
from service.jobs.table import JOBS
from service.security.keyring import API_KEYS
from service.settings import Settings
from service.subscriptions.table import SUBSCRIPTIONS

_TABLES = (ITEMS, JOBS, API_KEYS, SUBSCRIPTIONS)
"""One table of each module that defines some: what is imported is what is compared"""


def _run(connection: sa.Connection) -> None:
    # SQLite changes tables by copying them (batch), and does so in a transaction if asked to.
    context.configure(
        connection=connection, target_metadata=METADATA, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connected() -> None:
    engine = connect(Settings().database)
    async with engine.begin() as connection:
        await connection.run_sync(_run)
    await engine.dispose()


if (given := context.config.attributes.get("connection")) is not None:
    _run(given)
else:
    asyncio.run(_connected())
