"""The description of the API, for machines and for people, and the pages behind the type URIs of problems."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from service.dependencies import BaseUrl
from service.errors import NotFound
from service.formats.api_page import page
from service.problems import OURS, Kind

router = APIRouter(tags=["capabilities"])


@router.get("/api", operation_id="get_api", summary="This description", include_in_schema=False)
async def get_api(request: Request) -> JSONResponse:
    """OpenAPI 3.1."""
    return JSONResponse(request.app.openapi(), media_type="application/vnd.oai.openapi+json;version=3.1")


@router.get("/api.html", operation_id="get_api_page", include_in_schema=False)
async def get_api_page(request: Request, base: BaseUrl) -> HTMLResponse:
    """The same to read; it needs nothing from any other server."""
    return HTMLResponse(page(request.app.openapi(), base))


@router.get("/problems", operation_id="get_problems", summary="Kinds of problems")
async def get_problems(base: BaseUrl) -> dict[str, Any]:
    """Every kind that this service names itself."""
    return {"problems": [_about(kind, base) for kind in OURS.values()]}


@router.get("/problems/{name}", operation_id="get_problem", summary="One kind of problem")
async def get_problem(name: str, base: BaseUrl) -> dict[str, Any]:
    """What a kind of problem means and what helps."""
    if name not in OURS:
        raise NotFound(f"There is no kind of problem {name!r}; there is {', '.join(OURS)}.")
    return _about(OURS[name], base)


def _about(kind: Kind, base: str) -> dict[str, Any]:
    return {"type": kind.type(base), "title": kind.title, "status": kind.status, "description": kind.about}
