"""Addresses in STAC documents: stored items name files relative to their folder, served ones absolutely.

`base` is the address of this service without a slash at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from service.catalog.parquet import MEDIA_TYPE as PARQUET
from service.edr.collection import edr_members
from workers.products import keys
from workers.products.store import ProductStore

__all__ = [
    "GEOJSON",
    "JSON",
    "SCHEMA",
    "catalog_links",
    "link",
    "portable_item",
    "served_collection",
    "served_item",
]

JSON, GEOJSON, SCHEMA = "application/json", "application/geo+json", "application/schema+json"
_QUERYABLES = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_ALTERNATE = "https://stac-extensions.github.io/alternate-assets/v1.2.0/schema.json"
_OURS = ("self", "root", "parent", "collection", "items", "child", "item", _QUERYABLES)


def link(rel: str, href: str, media_type: str = JSON, **more: Any) -> dict[str, Any]:
    """A link object."""
    return {"rel": rel, "href": href, "type": media_type, **more}


def catalog_links(base: str, collections: Sequence[dict[str, Any]] = ()) -> list[dict[str, Any]]:
    """The links that make the landing page the root of a STAC API: data, search and children."""
    return [
        link("data", f"{base}/collections", title="Collections of products"),
        link("search", f"{base}/search", GEOJSON, method="GET", title="Search for products"),
        link("search", f"{base}/search", GEOJSON, method="POST", title="Search for products"),
        link(_QUERYABLES, f"{base}/queryables", SCHEMA, title="Names that filters may use"),
        *(
            link("child", _collection(base, document["id"]), title=_title(document))
            for document in collections
        ),
    ]


def served_collection(document: dict[str, Any], base: str) -> dict[str, Any]:
    """A collection with the links that lead from and to it, and the EDR queries that its products answer."""
    here = _collection(base, document["id"])
    ours = [
        link("self", here, title=_title(document)),
        link("root", f"{base}/", title="Ogive"),
        link("parent", f"{base}/", title="Ogive"),
        link("items", f"{here}/items", GEOJSON, title="Products, newest first"),
        link(_QUERYABLES, f"{here}/queryables", SCHEMA, title="Names that filters may use"),
    ]
    mirror = {
        "href": f"{here}/items.parquet",
        "type": PARQUET,
        "title": "All items as GeoParquet",
        "roles": ["collection-mirror"],
    }
    assets = document.get("assets", {}) | {"items": mirror}
    return document | edr_members(document, here) | {"assets": assets, "links": ours + _foreign(document)}


def served_item(document: dict[str, Any], base: str, products: ProductStore) -> dict[str, Any]:
    """An item as it is served: its links lead on, and its files can be opened from any machine.

    Where products lie on S3, files keep their S3 address and have that of this service as an alternate;
    else this service's `/store` is their address.
    """
    item, on_s3 = document["id"], products.url.startswith("s3://")
    here, store = _collection(base, document["collection"]), f"{base}/store"
    folder = products.location(keys.folder(item)) if on_s3 else store
    ours = [
        link("self", f"{here}/items/{quote(item)}", GEOJSON),
        link("root", f"{base}/"),
        link("parent", here),
        link("collection", here),
    ]
    served = document | {
        "assets": {name: _served_asset(asset, folder, store) for name, asset in document["assets"].items()},
        "links": ours + [_absolute(other, folder) for other in _foreign(document)],
    }
    if on_s3:
        served["stac_extensions"] = list(dict.fromkeys([*document["stac_extensions"], _ALTERNATE]))
    return served


def portable_item(document: dict[str, Any], products: ProductStore) -> dict[str, Any]:
    """An item for another catalog: its files by their address in the store, no link of this catalog."""
    folder = products.location(keys.folder(document["id"]))
    return document | {
        "assets": {name: _absolute(asset, folder) for name, asset in document["assets"].items()},
        "links": [_absolute(other, folder) for other in _foreign(document)],
    }


def _served_asset(asset: dict[str, Any], folder: str, store: str) -> dict[str, Any]:
    """An asset with its absolute address, and that of this service as an alternate where it is another."""
    served = _absolute(asset, folder)
    if served is asset or folder == store:
        return served
    ours = {"href": _absolute(asset, store)["href"], "alternate:name": "HTTP"}
    others = asset.get("alternate", {}).items()
    kept = {name: other for name, other in others if other["href"] != served["href"]}
    return served | {"alternate:name": "S3", "alternate": kept | {"http": ours}}


def _title(document: dict[str, Any]) -> str:
    return document.get("title", document["id"])


def _collection(base: str, name: str) -> str:
    return f"{base}/collections/{quote(name)}"


def _absolute(of: dict[str, Any], folder: str) -> dict[str, Any]:
    """A link or an asset; where it names a file of the item's own folder, with the address of that folder."""
    href = of["href"]
    return of | {"href": f"{folder}/{href[2:]}"} if href.startswith("./") else of


def _foreign(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Links of a stored document that are not about its place in this catalog."""
    return [other for other in document.get("links", []) if other["rel"] not in _OURS]
