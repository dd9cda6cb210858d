"""STAC API 1.0.0 over the catalog of products: core, collections, OGC API Features and item search."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Body, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field, ValidationError

from service.catalog.conditional import tagged
from service.catalog.links import GEOJSON, JSON, link, served_collection, served_item
from service.catalog.search import DEFAULT_LIMIT, MAX_LIMIT, Search
from service.catalog.store import Page
from service.dependencies import BaseUrl, CatalogDep
from service.routes.store import ProductsDep
from workers.errors import InvalidRequest

router = APIRouter(tags=["catalog"])
_CACHE = "public, max-age=300"


class GeoJSONResponse(JSONResponse):
    """JSON that says that it is GeoJSON."""

    media_type = GEOJSON


class ItemsQuery(BaseModel):
    """What a GET may ask of the items of a collection; lists are written with commas."""

    bbox: str | None = Field(
        None,
        description="West, south, east, north in degrees; west > east crosses the antimeridian.",
        examples=["-50.2,69.0,-49.0,69.4"],
    )
    datetime: str | None = Field(
        None,
        description="RFC 3339 date-time, or two joined by / with .. for an open side.",
        examples=["2015-01-01T00:00:00Z/.."],
    )
    limit: int = Field(DEFAULT_LIMIT, ge=1, description=f"Items a page; at most {MAX_LIMIT} are sent.")
    token: str | None = Field(None, description="Where the page starts, from a next link.")
    collections: str | None = Field(None, description="Collection ids.")

    def search(self, **more: Any) -> Search:
        """The search that this and further members mean.

        Raises:
            RequestValidationError: a value is malformed.
        """
        given = self.model_dump(exclude_none=True) | more
        lists = {
            name: [part.strip() for part in given[name].split(",")]
            for name in ("bbox", "ids", "collections")
            if isinstance(given.get(name), str)
        }
        try:
            return Search(**given | lists)
        except ValidationError as error:
            raise RequestValidationError(
                [found | {"loc": ("query", *found["loc"])} for found in error.errors(include_url=False)]
            ) from None


class SearchQuery(ItemsQuery):
    """What a GET may ask of all items."""

    ids: str | None = Field(None, description="Item ids.")
    intersects: str | None = Field(None, description="A GeoJSON geometry; not together with bbox.")


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
    page = await catalog.search(query.search(collections=[collection]))
    links = [*_page_links(f"{here}/items", query, page, base), link("parent", here), link("collection", here)]
    return GeoJSONResponse(_items(page, links, base, products))


@router.get("/collections/{collection}/items/{item}", operation_id="get_item", summary="One item")
async def get_item(
    request: Request, collection: str, item: str, catalog: CatalogDep, products: ProductsDep, base: BaseUrl
) -> Response:
    """A STAC Item: where it is, the product is whole."""
    document = served_item(await catalog.get(collection, item), base, products)
    return tagged(request, document, GEOJSON, _CACHE)


@router.get("/search", operation_id="get_search", summary="Search for items", response_class=GeoJSONResponse)
async def get_search(
    query: Annotated[SearchQuery, Query()], catalog: CatalogDep, products: ProductsDep, base: BaseUrl
) -> GeoJSONResponse:
    """A page of the items that fulfil every condition given, newest first."""
    page = await catalog.search(query.search())
    return GeoJSONResponse(_items(page, _page_links(f"{base}/search", query, page, base), base, products))


@router.post(
    "/search", operation_id="post_search", summary="Search for items", response_class=GeoJSONResponse
)
async def post_search(
    search: Annotated[Search, Body()], catalog: CatalogDep, products: ProductsDep, base: BaseUrl
) -> GeoJSONResponse:
    """The same with a JSON body."""
    page = await catalog.search(search)
    here = f"{base}/search"
    links = [link("self", here, GEOJSON, method="POST"), link("root", f"{base}/")]
    if page.token is not None:
        links.append(link("next", here, GEOJSON, method="POST", body={"token": page.token}, merge=True))
    return GeoJSONResponse(_items(page, links, base, products))


def _items(page: Page, links: list[dict[str, Any]], base: str, products: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [served_item(item, base, products) for item in page.items],
        "links": links,
        "numberMatched": page.matched,
        "numberReturned": len(page.items),
    }


def _page_links(here: str, query: ItemsQuery, page: Page, base: str) -> list[dict[str, Any]]:
    """Links of a page that was asked for by GET."""
    asked = query.model_dump(exclude_unset=True, exclude_none=True)
    links = [link("self", _address(here, asked), GEOJSON), link("root", f"{base}/")]
    if page.token is not None:
        links.append(link("next", _address(here, asked | {"token": page.token}), GEOJSON, method="GET"))
    return links


def _address(here: str, asked: dict[str, Any]) -> str:
    return f"{here}?{urlencode(asked, safe=',:/')}" if asked else here
