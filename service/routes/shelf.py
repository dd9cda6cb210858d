"""Finished products as routes take them from their store, and the way to the store where one is too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends
from fastapi.responses import JSONResponse, Response

from service.catalog.store import Catalog
from service.dependencies import BaseUrl, CatalogDep, SettingsDep
from service.routes.store import ProductsDep
from service.settings import Settings
from workers.errors import StoreUnavailable
from workers.products.reading import Product, opened
from workers.products.store import ProductStore


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the finished products of a collection are, and how much of one an answer may hold."""

    collection: str
    catalog: Catalog
    store: ProductStore
    settings: Settings
    base: str

    def address(self, product: str) -> str:
        """Where the item of a product is served."""
        return f"{self.base}/collections/{quote(self.collection)}/items/{quote(product)}"


async def _shelf(
    collection: str, catalog: CatalogDep, store: ProductsDep, settings: SettingsDep, base: BaseUrl
) -> Shelf:
    return Shelf(collection, catalog, store, settings, base)


ShelfDep = Annotated[Shelf, Depends(_shelf)]


def whole(store: ProductStore, name: str) -> Product:
    """The product of an item, opened.

    Raises:
        StoreUnavailable: it is gone, though its item says that it is whole.
    """
    try:
        return opened(store, name)
    except FileNotFoundError as error:
        raise StoreUnavailable(f"Product {name} is gone from its store, though it has an item.") from error


def too_much(shelf: Shelf, name: str, held: int, limit: str) -> Response:
    """308 to the Zarr store of a product, of which more is asked for than one answer may hold."""
    most = getattr(shelf.settings, f"limit_{limit}")
    address = f"{shelf.base}/store/{quote(name)}.zarr"
    told = {
        "detail": f"The values are {held} bytes, one answer holds {most}: open the store, or ask for less.",
        "limits": {limit: most},
        "refused_by": shelf.settings.refused_by(limit),
        "store": address,
    }
    return JSONResponse(told, 308, {"Location": address, "Cache-Control": "no-store"})
