"""Deletes what jobs made once its time is over."""

from __future__ import annotations

import asyncio
import logging

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from service.jobs.execution import House
from service.jobs.job import LIVE, now
from service.jobs.table import JOBS, RESULTS
from workers.errors import OgiveError

_PAUSE_SECONDS = 3600.0
_log = logging.getLogger(__name__)


async def keep_tidy(engine: AsyncEngine, house: House) -> None:
    """Sweep at the start of the service and then every hour."""
    while True:
        try:
            await sweep(engine, house)
        except OgiveError as error:
            _log.warning("Products whose time is over could not be deleted: %s", error.message)
        await asyncio.sleep(_PAUSE_SECONDS)


async def sweep(engine: AsyncEngine, house: House) -> list[str]:
    """Delete every product that has expired, and what unfinished jobs left; tells their ids.

    The item goes first, from the catalog and then from the store, as it says that the product is whole. The
    record of the job goes last: a sweep that is broken off is done again.

    Raises:
        StoreNotWritable: the store does not allow it.
        SchedulerUnavailable: the cluster cannot do it now.
    """
    over = sa.and_(JOBS.c.expires <= now(), JOBS.c.status.not_in(LIVE))
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.select(JOBS.c.id, JOBS.c.product).where(over))).all()
    for row in rows:
        if row.product is not None:
            await house.catalog.remove(row.product)
            await house.cluster.call(house.tasks.delete_product, row.product, house.settings.products)
        async with engine.begin() as connection:
            gone = {"dropped": True, "expires": None, "item": None, "product": None}
            await connection.execute(RESULTS.delete().where(RESULTS.c.job == row.id))
            await connection.execute(JOBS.update().where(JOBS.c.id == row.id).values(gone))
    return [row.product for row in rows if row.product is not None]
