"""Whether the process lives, and whether what it needs is there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from service.errors import NotReady
from service.observability.health import Health

router = APIRouter(prefix="/health", tags=["health"])
_NO_STORE = {"Cache-Control": "no-store"}


def _health(request: Request) -> Health:
    return request.app.state.health


@router.get("/live", operation_id="get_live", summary="Whether the process lives")
async def get_live() -> JSONResponse:
    """200 as long as the process answers at all."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


@router.get(
    "/ready",
    operation_id="get_ready",
    summary="Whether requests can be served",
    responses={503: {"description": "Something that is needed is missing; `checks` tells what"}},
)
async def get_ready(health: Annotated[Health, Depends(_health)]) -> JSONResponse:
    """Database, scheduler with a worker, store of products, source of cubes: each with its milliseconds.

    An answer stands for two seconds, so that probes may ask as often as they like.
    """
    checks = await health.parts()
    failed = {name: check["detail"] for name, check in checks.items() if check["state"] != "ok"}
    if failed:
        told = "; ".join(f"{name}: {detail}" for name, detail in failed.items())
        raise NotReady(f"Not ready: {told}", checks)
    return JSONResponse({"status": "ok", "checks": checks}, headers=_NO_STORE)
