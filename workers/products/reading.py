"""Finished products, read back: metadata once, and of the values only the chunks that are asked for.

The manifest says which objects a product has. A chunk that it does not name is all fill value and costs no
request; one that it names and that is gone is an error, never a hole in the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import zarr
from zarr.abc.store import ByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype

from workers.calendar import Interval, date_of
from workers.cubes.grid import Grid
from workers.errors import InvalidRequest, StoreUnavailable
from workers.products import manifest
from workers.products.store import ProductStore, unreachable
from workers.read_only_store import ReadOnlyStore

__all__ = ["Product", "Stored", "open_product", "opened"]

_CUBE, _MAP = ("time", "y", "x"), ("y", "x")
_READERS = ThreadPoolExecutor(8, "product-reader")


@dataclass(frozen=True, slots=True)
class Stored:
    """A variable of a product."""

    name: str
    dimensions: tuple[str, ...]
    """`("time", "y", "x")` or `("y", "x")`"""
    dtype: np.dtype
    attributes: Mapping[str, Any]
    """As CF has them: `units`, `long_name`, and `standard_name` where there is one"""


@dataclass(frozen=True, eq=False)
class Product:
    """A finished product: metadata in memory, values in its store."""

    id: str
    grid: Grid
    start: np.ndarray
    """(T,) int64: first day of each window, days since 1970-01-01"""
    end: np.ndarray
    """(T,) int64: the day after its last"""
    variables: Mapping[str, Stored]
    """Without the coordinates"""
    attributes: Mapping[str, Any]
    """Of the group"""
    arrays: Mapping[str, zarr.Array] = field(repr=False)
    where: str = field(repr=False)

    def __len__(self) -> int:
        return self.start.size

    @property
    def middle(self) -> np.ndarray:
        """(T,) float64: midpoints of the windows in days."""
        return (self.start + self.end) / 2.0

    @cached_property
    def coordinates(self) -> tuple[np.ndarray, np.ndarray]:
        """(width,) x and (height,) y of the cells' centres in metres."""
        grid = self.grid
        x = grid.left + (np.arange(grid.width) + 0.5) * grid.spacing
        return x, grid.top - (np.arange(grid.height) + 0.5) * grid.spacing

    def within(self, interval: Interval | None) -> slice:
        """Windows that lie wholly inside an interval; with an instant, the one that holds it.

        Raises:
            InvalidRequest: there is none.
        """
        if interval is None:
            return slice(0, len(self))
        if interval.instant:
            keep = (self.start <= interval.start) & (interval.start < self.end)
        else:
            keep = np.ones(len(self), bool)
            if interval.start is not None:
                keep &= self.start >= interval.start
            if interval.end is not None:
                keep &= self.end <= interval.end
        found = np.flatnonzero(keep)
        if found.size == 0:
            raise InvalidRequest(
                f"No window of {self.id} lies wholly inside the datetime asked for; its windows run from "
                f"{date_of(self.start[0])} to {date_of(self.end[-1])}.",
                "datetime",
            )
        return slice(int(found[0]), int(found[-1]) + 1)

    def window(self, names: Iterable[str], time: slice, rows: slice, columns: slice) -> dict[str, np.ndarray]:
        """A rectangle of cells: (t, h, w), or (h, w) of a variable without time, by name.

        Raises:
            StoreUnavailable: the store did not answer, or lost an object of the product.
        """
        names = list(names)
        read = [
            _READERS.submit(self.arrays[name].__getitem__, self._index(name, time, rows, columns))
            for name in names
        ]
        try:
            return {name: future.result() for name, future in zip(names, read, strict=True)}
        except unreachable(self.where) as error:
            raise StoreUnavailable(f"Product {self.id} cannot be read: {_reason(error)}.") from error

    def cells(
        self, names: Iterable[str], time: slice, rows: Sequence[int], columns: Sequence[int]
    ) -> dict[str, np.ndarray]:
        """N cells: (t, N), or (N,) of a variable without time, by name; one read a chunk.

        Raises:
            StoreUnavailable: as for `window`.
        """
        names = list(names)
        rows, columns = np.asarray(rows), np.asarray(columns)
        steps = time.stop - time.start
        found = {
            name: np.empty((steps, rows.size)[-len(self.variables[name].dimensions) + 1 :], stored.dtype)
            for name in names
            if (stored := self.variables[name])
        }
        high, wide = self.arrays[names[0]].chunks[-2:]
        chunk = np.column_stack([rows // high, columns // wide])
        for row, column in np.unique(chunk, axis=0).tolist():
            here = np.flatnonzero((chunk == (row, column)).all(axis=1))
            part = _around(rows[here]), _around(columns[here])
            for name, values in self.window(names, time, *part).items():
                found[name][..., here] = values[
                    ..., rows[here] - part[0].start, columns[here] - part[1].start
                ]
        return found

    def _index(self, name: str, time: slice, rows: slice, columns: slice) -> tuple[slice, ...]:
        return (time, rows, columns)[-len(self.variables[name].dimensions) :]


def open_product(store: ProductStore, product: str) -> Product:
    """Read the metadata of a finished product: the manifest, the group, times and their bounds.

    Raises:
        FileNotFoundError: there is no finished product of this id.
        StoreUnavailable: the store did not answer, or lost an object of the product.
    """
    objects = manifest.load(store, product).objects
    try:
        group = zarr.open_group(_Listed(store.zarr(product), objects), mode="r", use_consolidated=True)
        bounds = group["time_bnds"][...].astype(np.int64)
    except unreachable(store.url) as error:
        raise StoreUnavailable(f"Product {product} cannot be read: {_reason(error)}.") from error
    attributes = dict(group.attrs)
    height, width = attributes["spatial:shape"]
    spacing, _, left, _, _, top = attributes["spatial:transform"]
    epsg = int(attributes["proj:code"].removeprefix("EPSG:"))
    arrays = {
        name: array
        for name, array in sorted(group.arrays())
        if array.metadata.dimension_names in (_CUBE, _MAP)
    }
    variables = {
        name: Stored(name, array.metadata.dimension_names, array.dtype, dict(array.attrs))
        for name, array in arrays.items()
    }
    grid = Grid(epsg, left, top, spacing, height, width)
    return Product(product, grid, bounds[:, 0], bounds[:, 1], variables, attributes, arrays, store.url)


@lru_cache(maxsize=32)
def opened(store: ProductStore, product: str) -> Product:
    """What `open_product` gives, kept: a finished product is never rewritten. A failure is not kept."""
    return open_product(store, product)


def _around(places: np.ndarray) -> slice:
    return slice(int(places.min()), int(places.max()) + 1)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")


class _Listed(ReadOnlyStore):
    """A store of which it is known what it holds."""

    def __init__(self, store: Store, objects: Mapping[str, Any]) -> None:
        super().__init__(store)
        self._objects = objects

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """The object at a key, None where the product has none.

        Raises:
            FileNotFoundError: the product has one, and it is gone.
        """
        if key not in self._objects:
            return None
        found = await self.store.get(key, prototype, byte_range)
        if found is None:
            raise FileNotFoundError(f"its object {key} is lost")
        return found

    async def exists(self, key: str) -> bool:
        return key in self._objects
