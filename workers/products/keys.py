"""The names of a product's objects below the root of a store.

    v1/ogive-velocity.json                   the STAC collection
    v1/EPSG32607/{id}.zarr/                  the Zarr group
                 {id}.manifest.json          size and SHA-256 of every object in the group
                 {id}.request.json           the request, replayable
                 {id}.json                   the STAC item: where it is, the product is whole
                 {id}.shards/{n}.json        receipts of finished shards, while the job runs

`v1` is the version of this layout. The folder of a product follows from its id alone.
"""

from __future__ import annotations

import re

PREFIX = "v1"
_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*_EPSG(\d+)_[A-Za-z0-9._-]*[A-Za-z0-9]")


def folder(product: str) -> str:
    """The folder that holds a product.

    Raises:
        FileNotFoundError: the text is no product id, so no product can have it.
    """
    match = _PRODUCT.fullmatch(product)
    if match is None:
        raise FileNotFoundError(f"{product!r} is no product id; ids look like NAME_EPSG32607_...")
    return f"{PREFIX}/EPSG{match[1]}"


def group(product: str) -> str:
    """The Zarr group."""
    return f"{folder(product)}/{product}.zarr"


def manifest(product: str) -> str:
    """The manifest of the Zarr group."""
    return f"{folder(product)}/{product}.manifest.json"


def request(product: str) -> str:
    """The request that made the product."""
    return f"{folder(product)}/{product}.request.json"


def item(product: str) -> str:
    """The STAC item."""
    return f"{folder(product)}/{product}.json"


def receipts(product: str) -> str:
    """The folder of the receipts."""
    return f"{folder(product)}/{product}.shards"


def collection(name: str) -> str:
    """The STAC collection, one folder above its items."""
    return f"{PREFIX}/{name}.json"
