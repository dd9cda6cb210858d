"""The manifest of a product: size and SHA-256 of every object in its Zarr group, and the check against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.products import documents, keys
from workers.products.documents import Digest, digest
from workers.products.store import ProductStore


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a whole product consists of."""

    product: str
    objects: Mapping[str, Digest]
    """By key in the group, sorted: size in bytes and SHA-256 in hex"""

    @property
    def size(self) -> int:
        """Bytes of all objects."""
        return sum(size for size, _ in self.objects.values())

    def encode(self) -> bytes:
        """The manifest as it is stored."""
        return documents.encode(
            {
                "product": self.product,
                "size": self.size,
                "objects": {key: {"size": n, "sha256": sha} for key, (n, sha) in self.objects.items()},
            }
        )


def load(store: ProductStore, product: str) -> Manifest:
    """The manifest of a product.

    Raises:
        FileNotFoundError: there is none, so the product is not finished.
    """
    document = documents.read(store, keys.manifest(product))
    objects = {key: (entry["size"], entry["sha256"]) for key, entry in document["objects"].items()}
    return Manifest(document["product"], objects)


def verify(store: ProductStore, product: str) -> list[str]:
    """Read a product whole and compare it with its manifest.

    Returns:
        A sentence for each object that is missing, of another size, changed, or not listed.

    Raises:
        FileNotFoundError: the product has no manifest, so it is not finished.
    """
    listed = load(store, product).objects
    group = keys.group(product)
    present = {key.removeprefix(f"{group}/"): size for key, size in store.list(group).items()}
    problems = [f"{key} is not in the manifest." for key in present.keys() - listed.keys()]
    for key, (size, sha256) in listed.items():
        if key not in present:
            problems.append(f"{key} is missing.")
        elif present[key] != size:
            problems.append(f"{key} has {present[key]} bytes instead of {size}.")
        elif digest(store.read(f"{group}/{key}"))[1] != sha256:
            problems.append(f"{key} has other bytes than were written.")
    return sorted(problems)
