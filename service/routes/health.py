"""Whether the process lives, and whether what it needs is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from service.dependencies import ClusterDep, JobsDep, SettingsDep
from service.errors import SchedulerUnavailable
from service.routes.store import ProductsDep
from workers.cubes.opened import catalog
from workers.plan import CubeSource

router = APIRouter(prefix="/health", tags=["health"])
_PATIENCE = 5.0
_NO_STORE = {"Cache-Control": "no-store"}


@router.get("/live", operation_id="get_live", summary="Whether the process lives")
async def get_live() -> JSONResponse:
    """200 as long as the process answers at all."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


@router.get(
    "/ready",
    operation_id="get_ready",
    summary="Whether requests can be served",
    responses={503: {"description": "Something that is needed is missing"}},
)
async def get_ready(
    cluster: ClusterDep, jobs: JobsDep, products: ProductsDep, settings: SettingsDep
) -> JSONResponse:
    """Database, scheduler with a worker, store of products, source of cubes: each with its milliseconds."""
    checks = {
        "database": jobs.ping(),
        "scheduler": _has_worker(cluster),
        "store": run_in_threadpool(products.check_writable),
        "cubes": run_in_threadpool(_ask_for_cubes, settings.source),
    }
    found = await asyncio.gather(*(_timed(check) for check in checks.values()))
    parts = dict(zip(checks, found, strict=True))
    ready = all(part["state"] == "ok" for part in parts.values())
    document = {"status": "ok" if ready else "unavailable", "checks": parts}
    return JSONResponse(document, 200 if ready else 503, _NO_STORE)


async def _has_worker(cluster: ClusterDep) -> None:
    if await cluster.workers() == 0:
        raise SchedulerUnavailable("The Dask scheduler has no worker with the resource shard=1.")


def _ask_for_cubes(source: CubeSource) -> None:
    """Any question will do: a catalog that is out raises, and one that answers has been reached."""
    catalog(source).at_point(0.0, 0.0)


async def _timed(check: Awaitable[Any]) -> dict[str, Any]:
    """State and duration of a check; any error is its answer, since to tell of errors is its purpose."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE):
            await check
        state: dict[str, Any] = {"state": "ok"}
    except TimeoutError:
        state = {"state": "failed", "detail": f"No answer in {_PATIENCE:g} s."}
    except Exception as error:  # noqa: BLE001 (reported, not hidden)
        state = {"state": "failed", "detail": str(error)}
    return state | {"ms": round(1000 * (time.perf_counter() - began), 1)}
