"""Deletes what jobs made once its time is over."""

from __future__ import annotations

import asyncio
import logging

from service.jobs.house import House

_PAUSE_SECONDS = 3600.0
_log = logging.getLogger(__name__)


async def keep_tidy(house: House) -> None:
    """Sweep at the start of the service and then every hour."""
    while True:
        try:
            for product in await sweep(house):
                _log.info("Deleted product %s, whose time is over", product)
        except Exception:  # noqa: BLE001 - whatever it was, it is tried again
            _log.exception("What has expired could not be deleted")
        await asyncio.sleep(_PAUSE_SECONDS)


async def sweep(house: House) -> list[str]:
    """Delete every product that has expired, and what unfinished jobs left; tells their ids.

    The item goes first, from the catalog and then from the store, as it says that the product is whole. The
    record of the job goes last: a sweep that is broken off is done again.

    Raises:
        StoreNotWritable: the store does not allow it.
        SchedulerUnavailable: the cluster cannot do it now.
    """
    deleted = []
    for job_id, product in await house.jobs.expired():
        if product is not None:
            await house.catalog.remove(product)
            await house.cluster.call(house.tasks.delete_product, product, house.settings.products)
            deleted.append(product)
        await house.jobs.drop(job_id, expires=None, item=None, product=None)
    return deleted
