"""pgstac beside the catalog: a database that has it holds the same collections and items there too.

Other STAC tools, such as stac-fastapi-pgstac and titiler-pgstac, then read the products from the same
database. An item is written to both in one transaction, so neither tells of one that the other lacks.

Searches of this service stay on its own table, which keeps the order of arrival and pages that do not shift,
on SQLite as on PostgreSQL; over 20,000 items it also answers most of them sooner (docs/deployment.md).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.catalog.links import portable_item
from service.catalog.table import ITEMS
from workers.errors import StoreNotWritable
from workers.products.store import ProductStore

__all__ = ["Pgstac", "find"]

_THERE = sa.text("SELECT to_regclass('pgstac.items') IS NOT NULL")
# Its functions name each other without their schema.
_PATH = sa.text("SET LOCAL search_path TO pgstac, public")
_PUT_COLLECTION = sa.text("SELECT pgstac.upsert_collection(CAST(:document AS jsonb))")
_PUT = sa.text("SELECT pgstac.upsert_item(CAST(:document AS jsonb))")
_REMOVE = sa.text("DELETE FROM pgstac.items WHERE id = :id")
_KNOWN = sa.table("items", sa.column("id"), schema="pgstac")


@dataclass(frozen=True)
class Pgstac:
    """The part of pgstac that is this catalog's: items of its collections."""

    products: ProductStore
    """Where the files of items are"""

    async def put(self, connection: AsyncConnection, item: dict[str, Any]) -> None:
        """Add or replace an item, in the transaction of a connection, as its last statement."""
        await connection.execute(_PATH)
        await connection.execute(_PUT, {"document": json.dumps(portable_item(item, self.products))})

    async def remove(self, connection: AsyncConnection, item: str) -> None:
        """Take an item out, in the transaction of a connection, as its last statement."""
        await connection.execute(_PATH)
        await connection.execute(_REMOVE, {"id": item})


async def find(
    engine: AsyncEngine, collections: Sequence[dict[str, Any]], products: ProductStore
) -> Pgstac | None:
    """The pgstac of a database, with these collections and every item of the catalog; None without one.

    Raises:
        StoreNotWritable: the role of the service may not write to it.
    """
    if engine.dialect.name != "postgresql":
        return None
    async with engine.connect() as connection:
        if not await connection.scalar(_THERE):
            return None
    pgstac = Pgstac(products)
    try:
        async with engine.begin() as connection:
            missing = sa.select(ITEMS.c.document).where(ITEMS.c.id.not_in(sa.select(_KNOWN.c.id)))
            documents = (await connection.execute(missing)).scalars().all()
            await connection.execute(_PATH)
            for collection in collections:
                await connection.execute(_PUT_COLLECTION, {"document": json.dumps(collection)})
            for document in documents:
                await pgstac.put(connection, document)
    except sa.exc.ProgrammingError as error:
        raise StoreNotWritable(
            f"The database holds pgstac, but it cannot be written ({str(error.orig).splitlines()[0]}); "
            "give the role of the service pgstac_ingest, or take pgstac out of this database."
        ) from error
    return pgstac
