"""A product as a Zarr v3 group: its layout, its shards, and the step that makes it whole.

A shard holds all windows of SHARD x SHARD cells in inner chunks of INNER x INNER, so that one task writes one
object for each variable and a point is read with one ranged request. Everything is encoded in memory by Zarr
itself and then put as it is, so what is hashed is what is written. Order: `create`, shards by one task each,
`finalise`; the STAC item comes after. Each of these may be repeated and leaves the same bytes.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import zarr
from zarr.codecs import ZstdCodec
from zarr.errors import ZarrUserWarning
from zarr.storage import MemoryStore

from workers.errors import StoreNotWritable
from workers.plan import ShardReceipt
from workers.products import keys
from workers.products.conventions import (
    GRID_MAPPING,
    coordinate_attributes,
    group_attributes,
    variable_attributes,
)
from workers.products.documents import Digest, digest
from workers.products.manifest import Manifest
from workers.products.spec import ProductSpec, Variable
from workers.products.store import ProductStore

SHARD = 40
INNER = 20
_FILL = {"float32": math.nan, "uint8": 0}
# All readers of the product read it, although the format's specification does not have it yet. Said once for
# the process: a context that catches warnings leaves its filters behind where threads enter it together.
warnings.filterwarnings("ignore", "Consolidated metadata", ZarrUserWarning)


def create(store: ProductStore, spec: ProductSpec) -> None:
    """Write metadata and coordinates; what is there already and is the same is left alone.

    All metadata is known now, so it is consolidated at once: the product can be opened while it grows.

    Raises:
        StoreNotWritable: the store does not take them, or another product has this id.
    """
    _lay_out(store, spec)


def write_shard(
    store: ProductStore, spec: ProductSpec, row: int, column: int, arrays: Mapping[str, np.ndarray]
) -> dict[str, Digest]:
    """Write one shard of every variable.

    Args:
        store: where the product is.
        spec: its specification.
        row: the shard's first row in the product, a multiple of SHARD.
        column: its first column, likewise.
        arrays: for each variable (T, h, w) or (h, w) of its dtype; h and w are SHARD, less at the far edges.

    Returns:
        Digests of the objects by their key in the group; what is all fill value is not written.

    Raises:
        ValueError: the arrays are not those of that shard.
        StoreNotWritable: the store does not take them.
    """
    if {variable.name for variable in spec.variables} != set(arrays):
        raise ValueError(f"A shard needs {[v.name for v in spec.variables]}, not {sorted(arrays)}.")
    written = {}
    for variable in spec.variables:
        shard = _padded(spec, variable, row, column, arrays[variable.name])
        data = _encode_shard(spec, variable, shard)
        if data is not None:
            place = (0, row // SHARD, column // SHARD)[-shard.ndim :]
            key = f"{variable.name}/c/{'/'.join(map(str, place))}"
            store.write(f"{keys.group(spec.id)}/{key}", data)
            written[key] = digest(data)
    return written


def finalise(store: ProductStore, spec: ProductSpec, receipts: Iterable[ShardReceipt]) -> Manifest:
    """Write the manifest of every object in the group.

    Raises:
        ValueError: the receipts are not those of all shards of the product.
        StoreNotWritable: the store does not take them, or another product has this id.
    """
    receipts = list(receipts)
    shards = math.ceil(spec.grid.height / SHARD) * math.ceil(spec.grid.width / SHARD)
    if sorted(receipt.shard for receipt in receipts) != list(range(shards)):
        raise ValueError(f"Product {spec.id} has {shards} shards, but {len(receipts)} receipts of them.")
    objects = _lay_out(store, spec)
    for receipt in receipts:
        objects |= receipt.objects
    manifest = Manifest(product=spec.id, objects=dict(sorted(objects.items())))
    store.write(keys.manifest(spec.id), manifest.encode())
    return manifest


def _lay_out(store: ProductStore, spec: ProductSpec) -> dict[str, Digest]:
    """Write what is missing of metadata and coordinates, check the rest, and tell the digests of all."""
    layout = _encode_layout(spec)
    group = keys.group(spec.id)
    present = store.list(group)
    for key, data in layout.items():
        full = f"{group}/{key}"
        if full not in present:
            store.write(full, data)
            continue
        found = store.read(full)
        if found != data:
            raise StoreNotWritable(
                f"{store.location(group)} holds a product of another request or of another version of Ogive: "
                f"its {key} differs. Delete it, or give the new product another version."
            )
    return {key: digest(data) for key, data in layout.items()}


def _encode_layout(spec: ProductSpec) -> dict[str, bytes]:
    """Metadata and coordinates as Zarr writes them, by key; no shards."""
    objects: dict[str, Any] = {}
    memory = MemoryStore(objects)
    group = zarr.create_group(memory, attributes=group_attributes(spec), zarr_format=3)
    attributes = coordinate_attributes(spec)
    for name, (dimensions, values) in _coordinates(spec).items():
        array = group.create_array(
            name,
            shape=values.shape,
            dtype=values.dtype,
            chunks=values.shape,
            compressors=_zstd(),
            fill_value=0,
            dimension_names=dimensions,
            attributes=attributes[name],
        )
        array[...] = values
    for variable in spec.variables:
        _create_array(group, spec, variable, spec.shape, variable_attributes(variable))
    zarr.consolidate_metadata(memory, zarr_format=3)
    return {key: objects[key].to_bytes() for key in sorted(objects)}


def _coordinates(spec: ProductSpec) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Dimensions and values of each coordinate."""
    grid, windows = spec.grid, spec.windows
    return {
        "time": (("time",), windows.middle),
        "time_bnds": (("time", "bnds"), np.column_stack([windows.start, windows.end]).astype("float64")),
        "y": (("y",), grid.top - (np.arange(grid.height) + 0.5) * grid.spacing),
        "x": (("x",), grid.left + (np.arange(grid.width) + 0.5) * grid.spacing),
        GRID_MAPPING: ((), np.zeros((), "int32")),
    }


def _create_array(
    group: zarr.Group,
    spec: ProductSpec,
    variable: Variable,
    shape: tuple[int, int, int],
    attributes: Mapping[str, Any],
) -> zarr.Array:
    """The array of a variable on a cube of this shape, (T, height, width)."""
    steps = (len(spec.windows),) if len(variable.dimensions) == 3 else ()
    return group.create_array(
        variable.name,
        shape=shape[-len(variable.dimensions) :],
        dtype=variable.dtype,
        shards=(*steps, SHARD, SHARD),
        chunks=(*steps, INNER, INNER),
        compressors=_zstd(),
        fill_value=_FILL[variable.dtype],
        dimension_names=variable.dimensions,
        attributes=dict(attributes),
        config={"write_empty_chunks": False},
    )


def _zstd() -> ZstdCodec:
    return ZstdCodec(level=3, checksum=False)


def _padded(spec: ProductSpec, variable: Variable, row: int, column: int, values: np.ndarray) -> np.ndarray:
    """The values on a whole shard, with the fill value beyond the product's edge."""
    height, width = min(SHARD, spec.grid.height - row), min(SHARD, spec.grid.width - column)
    inside = row % SHARD == 0 and column % SHARD == 0 and min(row, column, height - 1, width - 1) >= 0
    expected = (len(spec.windows), height, width)[-len(variable.dimensions) :]
    if not inside or values.shape != expected or values.dtype != variable.dtype:
        raise ValueError(
            f"The shard at row {row}, column {column} of {spec.id} takes {variable.name} as {variable.dtype} "
            f"{expected}, not {values.dtype} {values.shape}; shards start at multiples of {SHARD}."
        )
    shard = np.full((*expected[:-2], SHARD, SHARD), _FILL[variable.dtype], variable.dtype)
    # NaN has many bit patterns, and which one arithmetic leaves depends on the vector unit: keep only ours.
    np.copyto(shard[..., :height, :width], values, where=~np.isnan(values))
    return shard


def _encode_shard(spec: ProductSpec, variable: Variable, shard: np.ndarray) -> bytes | None:
    """A shard's bytes, which do not depend on where in the product it is; None if it is all fill value."""
    objects: dict[str, Any] = {}
    group = zarr.create_group(MemoryStore(objects), zarr_format=3)
    array = _create_array(group, spec, variable, (len(spec.windows), SHARD, SHARD), {})
    array[...] = shard
    encoded = objects.get(f"{variable.name}/c/{'/'.join('0' * shard.ndim)}")
    return None if encoded is None else encoded.to_bytes()
