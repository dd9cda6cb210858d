"""Products read-only over HTTP, for machines that cannot reach their store: ranges, tags, lasting caches.

A name that could lead out of a product is no name of an object: parts are checked against a list of allowed
characters after decoding, and begin with none that the file system gives a meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from service.catalog.conditional import etag, named_in, tagged
from service.catalog.links import GEOJSON, JSON, served_item
from service.catalog.search import Search
from service.catalog.store import Catalog
from service.dependencies import BaseUrl, CatalogDep, SettingsDep
from service.errors import NotFound
from workers.products import keys
from workers.products.store import ProductStore, StoredObject

router = APIRouter(prefix="/store", tags=["store"])

_FOREVER, _BRIEFLY, _NEVER = "public, max-age=31536000, immutable", "public, max-age=300", "no-store"
_BYTES = "application/octet-stream"
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}){0,7}")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_DOCUMENTS = {"manifest": keys.manifest, "request": keys.request}


@lru_cache(maxsize=8)
def _opened(url: str) -> ProductStore:
    return ProductStore(url)


async def products(settings: SettingsDep) -> ProductStore:
    """The store of products that the settings name."""
    return _opened(settings.products)


ProductsDep = Annotated[ProductStore, Depends(products)]


@router.head("/{product}.zarr/{key:path}", include_in_schema=False)
@router.get(
    "/{product}.zarr/{key:path}", operation_id="get_object", summary="An object of a product's Zarr store"
)
async def get_object(
    request: Request, product: str, key: str, catalog: CatalogDep, products: ProductsDep
) -> Response:
    """One object, whole or a single range. A chunk of nothing but fill values does not exist: 404."""
    if _KEY.fullmatch(key) is None:
        raise NotFound(f"{key!r} is no key of a Zarr store.")
    found = await _found(lambda: products.object(product, key), product)
    media_type = JSON if key.endswith(".json") else _BYTES
    return await _respond(request, found, media_type, await _cache(catalog, product))


@router.head("/{product}.zarr", include_in_schema=False)
@router.get("/{product}.zarr", operation_id="get_group", summary="The Zarr store of a product")
async def get_group(request: Request, product: str, catalog: CatalogDep, products: ProductsDep) -> Response:
    """What the group of a product says of itself and its arrays; Zarr readers open this address."""
    return await get_object(request, product, "zarr.json", catalog, products)


@router.head("/{product}.json", include_in_schema=False)
@router.get("/{product}.json", operation_id="get_document", summary="A document beside a product")
async def get_document(
    request: Request, product: str, catalog: CatalogDep, products: ProductsDep, base: BaseUrl
) -> Response:
    """The STAC item (`ID.json`), the manifest (`ID.manifest.json`) or the request (`ID.request.json`)."""
    name, _, kind = product.rpartition(".")
    if kind in _DOCUMENTS:
        found = await _found(lambda: _document(products, _DOCUMENTS[kind](name)), name)
        return await _respond(request, found, JSON, await _cache(catalog, name))
    if _PRODUCT.fullmatch(product) and (items := (await catalog.search(Search(ids=[product]))).items):
        return tagged(request, served_item(items[0], base, products), GEOJSON, _BRIEFLY)
    raise NotFound(f"There is no item {product!r}; /search lists those there are.")


def _document(products: ProductStore, key: str) -> StoredObject:
    """A document beside a product as an object.

    Raises:
        FileNotFoundError: there is none.
    """
    size = products.list(key).get(key)
    if size is None:
        raise FileNotFoundError(key)
    return StoredObject(products, key, size)


async def _cache(catalog: Catalog, product: str) -> str:
    """How long an object may be kept: for ever once its product is whole, as nothing is rewritten then."""
    return _FOREVER if await catalog.holds(product) else _NEVER


async def _found(find: Callable[[], StoredObject], product: str) -> StoredObject:
    """What a store has under a name."""
    try:
        if _PRODUCT.fullmatch(product) is None:
            raise FileNotFoundError
        return await run_in_threadpool(find)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(
            f"Product {product!r} has no such object; /search lists the products there are."
        ) from None


async def _respond(request: Request, found: StoredObject, media_type: str, cache: str) -> Response:
    """An object, the range of it that is asked for, or the word that the client has it."""
    headers = {"Accept-Ranges": "bytes", "Cache-Control": cache}
    if cache != _NEVER:  # what is finished is never rewritten, so its name and size stand for its bytes
        headers["ETag"] = etag(f"{found.key} {found.size}".encode())
        if named_in(request.headers.get("If-None-Match"), headers["ETag"]):
            return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(media_type=media_type, headers=headers | {"Content-Length": str(found.size)})
    header = request.headers.get("Range")
    if request.headers.get("If-Range", headers.get("ETag")) != headers.get("ETag"):
        header = None
    span = _span(header, found.size)
    content = await run_in_threadpool(found.read, *(span or ()))
    if span is None:
        return Response(content, media_type=media_type, headers=headers)
    headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{found.size}"
    return Response(content, 206, media_type=media_type, headers=headers)


def _span(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last of a `Range` header; None where it asks for no single range.

    RFC 9110, section 14.2: ranges that a server does not support or understand are ignored.

    Raises:
        HTTPException: 416, the range holds no byte of the object.
    """
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match[1], match[2]
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise HTTPException(
            416,
            f"The range {header} holds no byte of an object of {size} bytes.",
            {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"},
        )
    return start, end
