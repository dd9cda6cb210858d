"""The STAC catalog of products: collections, and their items in a SQL database.

Any database that SQLAlchemy drives asynchronously will do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.catalog.moments import Span
from service.catalog.pages import Page, page
from service.catalog.pgstac import Pgstac
from service.catalog.search import Search
from service.catalog.table import EXTENTS, ITEMS, during, extent, meets_any, row
from service.errors import NotFound

__all__ = ["Catalog"]


class Catalog:
    """Collections of products and their items.

    Pages run from the newest item to the oldest unless a search sorts otherwise.
    """

    def __init__(
        self, engine: AsyncEngine, collections: Sequence[dict[str, Any]], pgstac: Pgstac | None = None
    ) -> None:
        """Serve these STAC collections, and the items in the engine's database; extents follow the items.

        Args:
            engine: the database.
            collections: STAC documents.
            pgstac: what of the same database gets every item too.
        """
        self._engine, self._pgstac = engine, pgstac
        self._collections = {collection["id"]: collection for collection in collections}

    async def add(self, item: dict[str, Any]) -> None:
        """Add a STAC item; an earlier one of the same id gives way, and leaves it its place in the order.

        Raises:
            ValueError: the item belongs to no collection of this catalog.
        """
        try:
            async with self._engine.begin() as connection:
                await self.put(connection, item)
        except IntegrityError:  # another process added the item in between
            async with self._engine.begin() as connection:
                await self.put(connection, item)

    async def put(self, connection: AsyncConnection, item: dict[str, Any]) -> None:
        """Add a STAC item as `add` does, within a transaction that does more.

        Raises:
            ValueError: the item belongs to no collection of this catalog.
            IntegrityError: another process added the item at the same moment.
        """
        if item["collection"] not in self._collections:
            raise ValueError(
                f"Item {item['id']} belongs to {item['collection']!r}, which is no collection here."
            )
        values = row(item)
        replace = sa.update(ITEMS).where(ITEMS.c.id == item["id"]).values(values)
        if not (await connection.execute(replace)).rowcount:
            await connection.execute(sa.insert(ITEMS).values(values))
        if self._pgstac is not None:
            await self._pgstac.put(connection, item)

    async def get(self, collection: str, item: str) -> dict[str, Any]:
        """The item of this id in this collection.

        Raises:
            NotFound: there is no such collection, or no such item in it.
        """
        self._check(collection)
        name = item.replace("\0", "\ufffd")  # PostgreSQL has no text with NUL, and no item is named so
        query = sa.select(ITEMS.c.document).where(ITEMS.c.id == name, ITEMS.c.collection == collection)
        async with self._engine.connect() as connection:
            document = (await connection.execute(query)).scalar_one_or_none()
        if document is None:
            raise NotFound(
                f"Collection {collection} has no item {item!r}; /collections/{collection}/items lists those."
            )
        return document

    async def remove(self, item: str) -> None:
        """Take an item out; one that is not there is out already."""
        async with self._engine.begin() as connection:
            await connection.execute(sa.delete(ITEMS).where(ITEMS.c.id == item))
            if self._pgstac is not None:
                await self._pgstac.remove(connection, item)

    async def all(self, collection: str) -> list[dict[str, Any]]:
        """Every item of a collection, by id."""
        query = sa.select(ITEMS.c.document).where(ITEMS.c.collection == collection).order_by(ITEMS.c.id)
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def holds(self, item: str) -> bool:
        """Whether there is an item of this id, which says that its product is whole."""
        query = sa.select(ITEMS.c.number).where(ITEMS.c.id == item)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).first() is not None

    async def newest(self, collection: str, place: shapely.Geometry, period: Span) -> str | None:
        """The id of the newest item that covers a place, else of the newest that has a part of it.

        Args:
            collection: where to look.
            place: in longitude and latitude.
            period: which the item must have a moment in common with.

        Raises:
            NotFound: there is no such collection.
        """
        self._check(collection)
        query = sa.select(ITEMS.c.id, ITEMS.c.footprint).where(
            ITEMS.c.collection == collection, *during(period), meets_any([place.bounds])
        )
        async with self._engine.connect() as connection:
            found = (await connection.execute(query.order_by(ITEMS.c.number.desc()))).all()
        shapely.prepare(place)
        footprints = shapely.from_wkb(np.array([line.footprint for line in found], object))
        meeting = np.flatnonzero(shapely.intersects(place, footprints))
        covering = meeting[shapely.covers(footprints[meeting], place)]
        first = next(iter([*covering, *meeting]), None)
        return None if first is None else found[first].id

    async def search(self, search: Search) -> Page:
        """One page of the items that a search selects.

        Raises:
            InvalidRequest: the token is none that a page gave.
        """
        async with self._engine.connect() as connection:
            return await page(connection, search)

    async def collections(self) -> list[dict[str, Any]]:
        """Every collection, with the extent of its items where it has any."""
        async with self._engine.connect() as connection:
            found = {line.collection: extent(line) for line in await connection.execute(EXTENTS)}
        return [
            document | ({"extent": found[name]} if name in found else {})
            for name, document in self._collections.items()
        ]

    async def collection(self, name: str) -> dict[str, Any]:
        """The collection of this id.

        Raises:
            NotFound: there is none.
        """
        self._check(name)
        return next(document for document in await self.collections() if document["id"] == name)

    def _check(self, collection: str) -> None:
        if collection not in self._collections:
            known = ", ".join(sorted(self._collections)) or "none"
            raise NotFound(f"There is no collection {collection!r}; there is {known}.")
