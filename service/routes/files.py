"""A finished product as one file, sent while it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from service.catalog.conditional import etag, named_in
from service.edr.coverage import size
from service.edr.files import FILES
from service.routes.shelf import ShelfDep, too_much, whole
from workers.version import VERSION

router = APIRouter(tags=["edr"])
_FOREVER = "public, max-age=31536000, immutable"


class FileQuery(BaseModel):
    """How a product is wanted as a file."""

    f: Literal["netcdf", "csv", "parquet"] = Field(
        "netcdf", description="The format; rows run cell after cell in csv and parquet.", examples=["parquet"]
    )


@router.get(
    "/collections/{collection}/items/{item}/data",
    operation_id="get_file",
    summary="A product as one file",
    response_class=StreamingResponse,
)
async def get_file(
    request: Request, item: str, query: Annotated[FileQuery, Query()], shelf: ShelfDep
) -> Response:
    """Every variable on every cell and window; 308 to the Zarr store where that is too much for one file."""
    name = (await shelf.catalog.get(shelf.collection, item))["id"]
    made = FILES[query.f]
    headers = {
        "ETag": etag(f"{VERSION} {name} {query.f} {shelf.base}".encode()),
        "Cache-Control": _FOREVER,
        "Accept-Ranges": "none",
        "Content-Disposition": f'attachment; filename="{name}{made.suffix}"',
    }
    if named_in(request.headers.get("If-None-Match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    product = await run_in_threadpool(whole, shelf.store, name)
    names, cells = list(product.variables), product.grid.height * product.grid.width
    if (held := size(product, names, slice(0, len(product)), cells)) > shelf.settings.limit_file:
        return too_much(shelf, name, held, "file")
    pieces = made.pieces(product, names, shelf.address(name))
    first = await run_in_threadpool(next, pieces)  # what fails at once is told as a problem
    return StreamingResponse(_all(first, pieces), media_type=made.media_type, headers=headers)


def _all(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
