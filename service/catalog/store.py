"""The STAC catalog of products: collections, and their items in a SQL database.

Any database that SQLAlchemy drives asynchronously will do. It selects by names, times and boxes; where a
place is asked for, shapely tells which of these candidates have a part of it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.catalog.moments import Span
from service.catalog.search import Search
from service.catalog.table import EXTENTS, ITEMS, METADATA, conditions, during, extent, meets_any, row
from service.errors import NotFound
from workers.errors import InvalidRequest

__all__ = ["Catalog", "Page"]

_TOKEN = re.compile(r"before:(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a search selects, newest first."""

    items: list[dict[str, Any]]
    """STAC items as they were added"""
    matched: int
    """Items that the whole search selects at this moment"""
    token: str | None
    """Where the next page starts; None on the last"""


class Catalog:
    """Collections of products and their items.

    Pages run from the newest item to the oldest, and each starts below the last item of the page before:
    items that arrive meanwhile lie above, so they neither repeat nor hide another.
    """

    def __init__(self, engine: AsyncEngine, collections: Sequence[dict[str, Any]]) -> None:
        """Serve these STAC collections, and the items in the engine's database; extents follow the items."""
        self._engine = engine
        self._collections = {collection["id"]: collection for collection in collections}

    async def create(self) -> None:
        """Make the tables that are not there yet."""
        async with self._engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    async def add(self, item: dict[str, Any]) -> None:
        """Add a STAC item; an earlier one of the same id gives way, and leaves it its place in the order.

        Raises:
            ValueError: the item belongs to no collection of this catalog.
        """
        if item["collection"] not in self._collections:
            raise ValueError(
                f"Item {item['id']} belongs to {item['collection']!r}, which is no collection here."
            )
        values = row(item)
        replace = sa.update(ITEMS).where(ITEMS.c.id == item["id"]).values(values)
        async with self._engine.begin() as connection:
            if (await connection.execute(replace)).rowcount:
                return
        try:
            async with self._engine.begin() as connection:
                await connection.execute(sa.insert(ITEMS).values(values))
        except IntegrityError:  # another process added the item in between
            async with self._engine.begin() as connection:
                await connection.execute(replace)

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
        before = None if search.token is None else _number(search.token)
        async with self._engine.connect() as connection:
            if search.shape is None:
                return await _page_of_all(connection, search, before)
            return await _page_within(connection, search, before)

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


async def _page_of_all(connection: AsyncConnection, search: Search, before: int | None) -> Page:
    """A page where SQL alone selects."""
    selected = conditions(search)
    matched = await connection.scalar(sa.select(sa.func.count()).select_from(ITEMS).where(*selected))
    if before is not None:
        selected.append(ITEMS.c.number < before)
    query = sa.select(ITEMS.c.number, ITEMS.c.document).where(*selected)
    rows = (await connection.execute(query.order_by(ITEMS.c.number.desc()).limit(search.limit + 1))).all()
    shown = rows[: search.limit]
    return Page(
        [line.document for line in shown],
        matched,
        _token(shown[-1].number) if len(rows) > len(shown) else None,
    )


async def _page_within(connection: AsyncConnection, search: Search, before: int | None) -> Page:
    """A page where footprints are compared; documents are read for what is shown only."""
    query = sa.select(ITEMS.c.number, ITEMS.c.footprint).where(*conditions(search))
    candidates = (await connection.execute(query.order_by(ITEMS.c.number.desc()))).all()
    shape = search.shape
    shapely.prepare(shape)
    footprints = shapely.from_wkb(np.array([line.footprint for line in candidates], object))
    numbers = np.array([line.number for line in candidates], np.int64)[shapely.intersects(shape, footprints)]
    rest = numbers if before is None else numbers[numbers < before]
    shown = rest[: search.limit].tolist()
    query = sa.select(ITEMS.c.document).where(ITEMS.c.number.in_(shown)).order_by(ITEMS.c.number.desc())
    documents = list((await connection.execute(query)).scalars())
    return Page(documents, numbers.size, _token(shown[-1]) if rest.size > len(shown) else None)


def _token(number: int) -> str:
    return base64.urlsafe_b64encode(f"before:{number}".encode()).decode().rstrip("=")


def _number(token: str) -> int:
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        return int(_TOKEN.fullmatch(text)[1])
    except (ValueError, TypeError):
        raise InvalidRequest(
            f"token {token!r} is none of this catalog; take it from the next link of a page.", "token"
        ) from None
