"""JSON documents beside a product, always encoded the same way, and the digest that proves an object."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from workers.products.store import ProductStore

Digest = tuple[int, str]
"""Size in bytes and SHA-256 in hex."""


def digest(data: bytes) -> Digest:
    """The digest of an object's bytes."""
    return len(data), hashlib.sha256(data).hexdigest()


def encode(document: Any) -> bytes:
    """A document as UTF-8, keys in their order.

    Raises:
        ValueError: it holds NaN or an infinity, which JSON has no number for.
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1).encode() + b"\n"


def write(store: ProductStore, key: str, document: Any) -> Digest:
    """Write a document and tell its digest.

    Raises:
        StoreNotWritable: the store does not take it.
    """
    data = encode(document)
    store.write(key, data)
    return digest(data)


def read(store: ProductStore, key: str) -> Any:
    """The document at a key.

    Raises:
        FileNotFoundError: there is none.
    """
    return json.loads(store.read(key))
