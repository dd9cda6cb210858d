"""A product as a whole: begun before its shards, whole after them, deleted; each task safe to run twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workers.errors import StoreUnavailable
from workers.plan import Plan, ShardReceipt
from workers.processes import PROCESSES
from workers.products import documents, keys, receipts, zarr_layout
from workers.products.item import build_item, save_item, version_link
from workers.products.store import ProductStore
from workers.products.summary import summary_properties

__all__ = [
    "create_product",
    "delete_product",
    "discard_failed",
    "discard_receipts",
    "finalise_product",
    "finished_shards",
    "link_successor",
]


def create_product(plan: Plan, products: str) -> str:
    """Write the metadata and coordinates of a product, before any shard, and tell its id.

    Raises:
        StoreNotWritable: the store of products does not take them.
    """
    spec, store = PROCESSES[plan.process].product(plan), ProductStore(products)
    # Another service may have made it whole meanwhile, and what is whole is never written again.
    if not store.exists(keys.item(spec.id)):
        zarr_layout.create(store, spec)
    return spec.id


def discard_failed(plan: Plan, products: str) -> None:
    """Delete the receipts of shards that lost blocks, so that they are computed anew.

    Raises:
        StoreNotWritable: the store of products does not allow it.
    """
    store, product = ProductStore(products), PROCESSES[plan.process].product(plan).id
    for receipt in receipts.load_all(store, product).values():
        if receipt.blocks["failed"]:
            receipts.delete(store, product, receipt.shard)


def finished_shards(plan: Plan, products: str) -> dict[int, ShardReceipt]:
    """The receipts that are there: what a resumed job need not do again."""
    return receipts.load_all(ProductStore(products), PROCESSES[plan.process].product(plan).id)


def finalise_product(plan: Plan, products: str, created: str, expires: str | None = None) -> dict[str, Any]:
    """Make a product whole: consolidated metadata, manifest, request, and the STAC item last.

    Args:
        plan: the plan, all of whose shards are written.
        products: URL of the store of products.
        created: RFC 3339, what the item tells; the same on every try, so that so are its bytes.
        expires: RFC 3339, when the product will be deleted; None for never.

    Raises:
        StoreNotWritable: the store does not take them.
    """
    process, store = PROCESSES[plan.process], ProductStore(products)
    spec = process.product(plan)
    done = receipts.load_all(store, spec.id)
    if len(done) < len(plan.shards):
        return _made_before(store, spec.id)
    manifest = zarr_layout.finalise(store, spec, done.values())
    request = {"process": plan.process, "version": process.version, "inputs": plan.inputs}
    documents.write(store, keys.request(spec.id), request)
    # The item's collection lies beside it, so that a folder of products is a whole static catalog.
    documents.write(store, keys.collection(spec.collection), process.collection)
    item = build_item(
        store,
        spec,
        manifest=manifest,
        request=request,
        provenance=process.provenance(plan, datetime.fromisoformat(created)),
        properties=summary_properties(plan, done.values()) | ({"expires": expires} if expires else {}),
        links=[] if plan.predecessor is None else [version_link("predecessor-version", plan.predecessor)],
    )
    save_item(store, item)
    return item


def _made_before(store: ProductStore, product: str) -> dict[str, Any]:
    """The item of a product whose receipts are gone, as they are once another service made it whole.

    Raises:
        StoreUnavailable: it is not whole; its receipts were lost.
    """
    try:
        return documents.read(store, keys.item(product))
    except FileNotFoundError:
        raise StoreUnavailable(
            f"Receipts of product {product} are missing in {store.location(keys.receipts(product))}, and it "
            "is not whole; send the request again."
        ) from None


def link_successor(plan: Plan, products: str) -> dict[str, Any] | None:
    """Let the item of the product before this one say that there is a newer; None if it is deleted.

    Raises:
        StoreNotWritable: the store does not take it.
    """
    store, successor = ProductStore(products), PROCESSES[plan.process].product(plan).id
    try:
        item = documents.read(store, keys.item(plan.predecessor))
    except FileNotFoundError:
        return None
    link = version_link("successor-version", successor)
    others = [other for other in item["links"] if other["rel"] != link["rel"]]
    item |= {"properties": item["properties"] | {"deprecated": True}, "links": [*others, link]}
    save_item(store, item)
    return item


def delete_product(product: str, products: str) -> None:
    """Delete a product: its item first, which says that it is whole, then all else.

    Raises:
        StoreNotWritable: the store does not allow it.
    """
    store = ProductStore(products)
    for name in (keys.item, keys.manifest, keys.request, keys.group, keys.receipts):
        store.delete(name(product))


def discard_receipts(plan: Plan, products: str) -> None:
    """Delete the receipts of a product that is whole and in the catalog."""
    receipts.delete_all(ProductStore(products), PROCESSES[plan.process].product(plan).id)
