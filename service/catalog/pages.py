"""One page of what a search selects.

SQL selects by names, times and boxes; where a place is asked for, shapely tells which of these candidates
have a part of it, and a filter is held to their documents.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.concurrency import run_in_threadpool

from service.catalog.search import Search
from service.catalog.table import ITEMS, during, meets_any

__all__ = ["Page", "page"]

_AT_ONCE = 200
_COUNTED = 5000


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a search selects."""

    items: list[dict[str, Any]]
    """STAC items as they were added"""
    matched: int | None
    """Items that the whole search selects at this moment; None where counting would read too many"""
    token: str | None
    """Where the next page starts; None on the last"""


async def page(connection: AsyncConnection, search: Search) -> Page:
    """The page that a search asks for.

    Raises:
        InvalidRequest: the token is none that a page gave.
    """
    if search.shape is None and search.condition is None:
        return await _page_of_all(connection, search)
    return await _page_of_candidates(connection, search)


def _conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    """What a row must fulfil; where a place or a filter is asked for, the rows that do are candidates."""
    found = [*during(search.period)]
    if search.ids is not None:
        found.append(ITEMS.c.id.in_(search.ids))
    if search.collections is not None:
        found.append(ITEMS.c.collection.in_(search.collections))
    if search.boxes:
        found.append(meets_any(search.boxes))
    if search.condition is not None:
        found += search.condition.necessary
    return found


async def _page_of_all(connection: AsyncConnection, search: Search) -> Page:
    """A page where SQL alone selects."""
    order, selected = search.order, _conditions(search)
    matched = await connection.scalar(sa.select(sa.func.count()).select_from(ITEMS).where(*selected))
    if search.token is not None:
        selected.append(order.after(search.token))
    query = sa.select(ITEMS.c.number, ITEMS.c.document, *order.columns).where(*selected)
    rows = (await connection.execute(query.order_by(*order.clauses).limit(search.limit + 1))).all()
    shown = rows[: search.limit]
    token = order.token(shown[-1]) if len(rows) > len(shown) else None
    return Page([line.document for line in shown], matched, token)


async def _page_of_candidates(connection: AsyncConnection, search: Search) -> Page:
    """A page where footprints are compared, and documents where there is a filter; few are held at once."""
    order = search.order
    after = sa.true() if search.token is None else order.after(search.token)
    query = sa.select(ITEMS.c.number, ITEMS.c.footprint, after.label("after"), *order.columns)
    query = query.where(*_conditions(search)).order_by(*order.clauses)
    candidates = (await connection.execute(query)).all()
    if search.shape is not None:
        candidates = await run_in_threadpool(_meeting, search.shape, candidates)
    rest = [line for line in candidates if line.after]
    if (condition := search.condition) is None:
        shown = rest[: search.limit]
        documents = [document async for part in _documents(connection, shown) for _, document in part]
        return Page(documents, len(candidates), order.token(shown[-1]) if len(rest) > len(shown) else None)
    counted = len(candidates) <= _COUNTED
    found, matched = [], 0
    async for part in _documents(connection, candidates if counted else rest):
        held = await run_in_threadpool(lambda part: [pair for pair in part if condition.holds(pair[1])], part)
        matched += len(held)
        found += [pair for pair in held if pair[0].after]
        if not counted and len(found) > search.limit:
            break
    shown = found[: search.limit]
    token = order.token(shown[-1][0]) if len(found) > len(shown) else None
    return Page([document for _, document in shown], matched if counted else None, token)


def _meeting(place: shapely.Geometry, candidates: Sequence[sa.Row[Any]]) -> list[sa.Row[Any]]:
    """The candidates with a part of a place."""
    shapely.prepare(place)
    footprints = shapely.from_wkb(np.array([line.footprint for line in candidates], object))
    return [candidates[n] for n in np.flatnonzero(shapely.intersects(place, footprints))]


async def _documents(
    connection: AsyncConnection, lines: Sequence[sa.Row[Any]]
) -> AsyncIterator[list[tuple[sa.Row[Any], dict[str, Any]]]]:
    """Rows with their documents, in their order, some at a time."""
    for start in range(0, len(lines), _AT_ONCE):
        part = lines[start : start + _AT_ONCE]
        query = sa.select(ITEMS.c.number, ITEMS.c.document).where(
            ITEMS.c.number.in_([line.number for line in part])
        )
        found = {row.number: row.document for row in await connection.execute(query)}
        yield [(line, found[line.number]) for line in part if line.number in found]
