"""STAC API 1.0.0 over the catalog of products: collections, features, search, sort, filter and fields."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from service.catalog.asked import ItemsQuery, SearchQuery
from service.catalog.conditional import etag, named_in, tagged
from service.catalog.links import GEOJSON, JSON, SCHEMA, link, served_collection, served_item
from service.catalog.listing import items_page, page_links
from service.catalog.parquet import MEDIA_TYPE as PARQUET
from service.catalog.parquet import geoparquet
from service.catalog.queryables import queryables
from service.catalog.search import Search
from service.dependencies import BaseUrl, CatalogDep, SettingsDep
from service.errors import NotFound
from service.formats.series import dumps
from service.routes.store import ProductsDep
from service.settings import Settings
from workers.errors import InvalidRequest

router = APIRouter(tags=["catalog"])
_CACHE = "public, max-age=300"


class GeoJSONResponse(JSONResponse):
    """JSON that says that it is GeoJSON."""

    media_type = GEOJSON

    def render(self, content: Any) -> bytes:
        """A page of many items is large: it is not to hold up the event loop."""
        return dumps(content)


@router.get("/collections", operation_id="get_collections", summary="Collections of products")
async def get_collections(catalog: CatalogDep, base: BaseUrl) -> JSONResponse:
    """Every collection with its extent."""
    documents = [served_collection(document, base) for document in await catalog.collections()]
    links = [link("self", f"{base}/collections"), link("root", f"{base}/"), link("parent", f"{base}/")]
    return JSONResponse(
        {
            "collections": documents,
            "links": links,
            "numberMatched": len(documents),
            "numberReturned": len(documents),
        }
    )


@router.get("/collections/{collection}", operation_id="get_collection", summary="One collection")
async def get_collection(request: Request, collection: str, catalog: CatalogDep, base: BaseUrl) -> Response:
    """A STAC Collection; its extent is that of its items."""
    document = served_collection(await catalog.collection(collection), base)
    return tagged(request, document, JSON, _CACHE)


@router.get(
    "/collections/{collection}/items",
    operation_id="get_items",
    summary="Items of a collection",
    response_class=GeoJSONResponse,
)
async def get_items(
    collection: str,
    query: Annotated[ItemsQuery, Query()],
    catalog: CatalogDep,
    products: ProductsDep,
    settings: SettingsDep,
    base: BaseUrl,
) -> GeoJSONResponse:
    """A page of the collection's items, newest first. `collections`, which pystac-client adds, names it."""
    await catalog.collection(collection)
    if query.collections not in (None, collection):
        raise InvalidRequest(
            f"collections {query.collections!r} is not the collection of this address; leave it out.",
            "collections",
        )
    here = f"{base}/collections/{quote(collection)}"
    search = _within(query.search(collections=[collection]), settings)
    page = await catalog.search(search)
    links = [*page_links(f"{here}/items", query, page, base), link("parent", here), link("collection", here)]
    return GeoJSONResponse(items_page(page, links, base, products, search.fields))


@router.get("/collections/{collection}/items/{item}", operation_id="get_item", summary="One item")
async def get_item(
    request: Request, collection: str, item: str, catalog: CatalogDep, products: ProductsDep, base: BaseUrl
) -> Response:
    """A STAC Item: where it is, the product is whole."""
    document = served_item(await catalog.get(collection, item), base, products)
    return tagged(request, document, GEOJSON, _CACHE)


@router.get("/search", operation_id="get_search", summary="Search for items", response_class=GeoJSONResponse)
async def get_search(
    query: Annotated[SearchQuery, Query()],
    catalog: CatalogDep,
    products: ProductsDep,
    settings: SettingsDep,
    base: BaseUrl,
) -> GeoJSONResponse:
    """A page of the items that fulfil every condition given, newest first."""
    search = _within(query.search(), settings)
    page = await catalog.search(search)
    links = page_links(f"{base}/search", query, page, base)
    return GeoJSONResponse(items_page(page, links, base, products, search.fields))


@router.post(
    "/search", operation_id="post_search", summary="Search for items", response_class=GeoJSONResponse
)
async def post_search(
    search: Annotated[Search, Body()],
    catalog: CatalogDep,
    products: ProductsDep,
    settings: SettingsDep,
    base: BaseUrl,
) -> GeoJSONResponse:
    """The same with a JSON body."""
    page = await catalog.search(_within(search, settings))
    here = f"{base}/search"
    links = [link("self", here, GEOJSON, method="POST"), link("root", f"{base}/")]
    if page.token is not None:
        links.append(link("next", here, GEOJSON, method="POST", body={"token": page.token}, merge=True))
    return GeoJSONResponse(items_page(page, links, base, products, search.fields))


@router.get(
    "/collections/{collection}/items.parquet",
    operation_id="get_items_parquet",
    summary="All items of a collection as one file",
    response_class=Response,
)
async def get_items_parquet(
    request: Request, collection: str, catalog: CatalogDep, products: ProductsDep, base: BaseUrl
) -> Response:
    """GeoParquet of every item (stac-geoparquet), sorted by id; equal items are equal bytes."""
    name = (await catalog.collection(collection))["id"]
    items = [served_item(item, base, products) for item in await catalog.all(name)]
    if not items:
        raise NotFound(f"Collection {collection} has no item yet, so there is no file of them.")
    described = json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "ETag": etag(described),
        "Cache-Control": _CACHE,
        "Content-Disposition": f'attachment; filename="{name}.parquet"',
    }
    if named_in(request.headers.get("If-None-Match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(await run_in_threadpool(geoparquet, items), media_type=PARQUET, headers=headers)


@router.get("/queryables", operation_id="get_queryables", summary="Names that filters may use")
async def get_queryables(base: BaseUrl) -> Response:
    """A JSON Schema of the properties of items."""
    return _schema(queryables(f"{base}/queryables", "Products"))


@router.get(
    "/collections/{collection}/queryables",
    operation_id="get_collection_queryables",
    summary="Names that filters on a collection may use",
)
async def get_collection_queryables(collection: str, catalog: CatalogDep, base: BaseUrl) -> Response:
    """A JSON Schema of the properties of the collection's items."""
    document = await catalog.collection(collection)
    here = f"{base}/collections/{quote(collection)}/queryables"
    return _schema(queryables(here, document.get("title", collection)))


def _schema(document: dict[str, Any]) -> Response:
    return JSONResponse(document, media_type=SCHEMA, headers={"Cache-Control": _CACHE})


def _within(search: Search, settings: Settings) -> Search:
    """The search with no more items a page than the settings allow: STAC API wants the limit lowered."""
    return search.model_copy(update={"limit": min(search.limit, settings.limit_list)})
