"""Receipts of finished shards, which let a job resume: one object each, beside the unfinished product."""

from __future__ import annotations

from workers.plan import ShardReceipt
from workers.products import keys
from workers.products.store import ProductStore


def save(store: ProductStore, product: str, receipt: ShardReceipt) -> None:
    """Write the receipt of a shard; only after the shard itself.

    Raises:
        StoreNotWritable: the store does not take it.
    """
    store.write(_key(product, receipt.shard), receipt.model_dump_json().encode() + b"\n")


def load_all(store: ProductStore, product: str) -> dict[int, ShardReceipt]:
    """The receipts of a product by shard, in the order of shards."""
    found = store.read_all(keys.receipts(product)).values()
    receipts = [ShardReceipt.model_validate_json(data) for data in found]
    return {receipt.shard: receipt for receipt in sorted(receipts, key=lambda receipt: receipt.shard)}


def delete(store: ProductStore, product: str, shard: int) -> None:
    """Delete the receipt of a shard that is to be computed anew.

    Raises:
        StoreNotWritable: the store does not allow it.
    """
    store.delete(_key(product, shard))


def delete_all(store: ProductStore, product: str) -> None:
    """Delete the receipts, once the product's item exists.

    Raises:
        StoreNotWritable: the store does not allow it.
    """
    store.delete(keys.receipts(product))


def _key(product: str, shard: int) -> str:
    return f"{keys.receipts(product)}/{shard}.json"
