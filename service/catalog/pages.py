"""One page of what a search selects.

SQL selects by names, times and boxes; where a place is asked for, shapely tells which of these candidates
have a part of it, and a filter is held to their facts. Documents are read of the items of the page alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.concurrency import run_in_threadpool

from service.catalog.checking import Check
from service.catalog.search import Search
from service.catalog.table import ITEMS, during, meets_any

__all__ = ["Page", "page"]

_AT_ONCE = 500
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
    query = sa.select(ITEMS.c.number, *order.columns).where(*selected)
    rows = (await connection.execute(query.order_by(*order.clauses).limit(search.limit + 1))).all()
    return await _shown(connection, search, rows, matched)


async def _page_of_candidates(connection: AsyncConnection, search: Search) -> Page:
    """A page where footprints are compared, or what filters ask about; few candidates are held at once."""
    order, selected, check = search.order, _conditions(search), Check.of(search)
    after = sa.true() if search.token is None else order.after(search.token)
    counted = search.condition is None or await _few(connection, selected)
    if not counted:
        selected.append(after)
    query = sa.select(*check.columns, after.label("after"), *order.columns)
    query = query.where(*selected).order_by(*order.clauses)
    found, matched = [], 0
    candidates = await connection.stream(query)
    async for part in candidates.partitions(_AT_ONCE):
        held = await run_in_threadpool(check.those_of, part)
        matched += len(held)
        found += [line for line in held if line.after][: search.limit + 1 - len(found)]
        if not counted and len(found) > search.limit:
            break
    await candidates.close()
    return await _shown(connection, search, found, matched if counted else None)


async def _few(connection: AsyncConnection, selected: list[sa.ColumnElement[bool]]) -> bool:
    """Whether the candidates are few enough to hold a filter to each of them, for their number's sake."""
    some = sa.select(ITEMS.c.number).where(*selected).limit(_COUNTED + 1).subquery()
    return (await connection.scalar(sa.select(sa.func.count()).select_from(some)) or 0) <= _COUNTED


async def _shown(
    connection: AsyncConnection, search: Search, rows: Sequence[sa.Row[Any]], matched: int | None
) -> Page:
    """The page of these rows, which are one more than it holds where another follows; documents come last."""
    shown = rows[: search.limit]
    query = sa.select(ITEMS.c.number, ITEMS.c.document)
    query = query.where(ITEMS.c.number.in_([line.number for line in shown]))
    found = {row.number: row.document for row in await connection.execute(query)}
    documents = [found[line.number] for line in shown if line.number in found]
    return Page(documents, matched, search.order.token(shown[-1]) if len(rows) > len(shown) else None)
