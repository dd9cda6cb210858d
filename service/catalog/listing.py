"""Pages of items as they are served: a FeatureCollection with the links that lead on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from service.catalog.asked import ItemsQuery
from service.catalog.fields import Fields
from service.catalog.links import GEOJSON, link, served_item
from service.catalog.pages import Page
from workers.products.store import ProductStore

__all__ = ["items_page", "page_links"]


def items_page(
    page: Page, links: list[dict[str, Any]], base: str, products: ProductStore, fields: Fields | None
) -> dict[str, Any]:
    """A FeatureCollection of the items of a page, as they are served, with the parts that were asked for."""
    items = [served_item(item, base, products) for item in page.items]
    return {
        "type": "FeatureCollection",
        "features": items if fields is None else [fields.of(item) for item in items],
        "links": links,
        **({} if page.matched is None else {"numberMatched": page.matched}),
        "numberReturned": len(page.items),
    }


def page_links(here: str, query: ItemsQuery, page: Page, base: str) -> list[dict[str, Any]]:
    """Links of a page that was asked for by GET."""
    asked = query.model_dump(exclude_unset=True, exclude_none=True, by_alias=True)
    links = [link("self", _address(here, asked), GEOJSON), link("root", f"{base}/")]
    if page.token is not None:
        links.append(link("next", _address(here, asked | {"token": page.token}), GEOJSON, method="GET"))
    return links


def _address(here: str, asked: dict[str, Any]) -> str:
    return f"{here}?{urlencode(asked, safe=',:/')}" if asked else here
