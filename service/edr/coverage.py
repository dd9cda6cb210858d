"""A part of a product with its values: what every format of EDR is made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from service.edr.cuts import Cells, Rectangle
from service.edr.places import Place
from workers.errors import InvalidRequest
from workers.products.reading import Product

__all__ = ["Coverage", "names_of", "read", "size"]


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Values of a product on some of its cells and windows."""

    product: Product
    time: slice
    cut: Cells | Rectangle
    epsg: int | None
    """CRS of x and y: None for longitude and latitude"""
    x: np.ndarray
    """(N,) of single cells, (w,) of a rectangle"""
    y: np.ndarray
    """(N,) of single cells, (h,) of a rectangle"""
    values: dict[str, np.ndarray]
    """(t, N) or (t, h, w), without t where the variable has no time"""

    @property
    def start(self) -> np.ndarray:
        """(t,) first day of each window."""
        return self.product.start[self.time]

    @property
    def end(self) -> np.ndarray:
        """(t,) the day after its last."""
        return self.product.end[self.time]

    @property
    def middle(self) -> np.ndarray:
        """(t,) midpoints in days."""
        return self.product.middle[self.time]

    def timed(self, name: str) -> bool:
        """Whether a variable has a value for each window."""
        return "time" in self.product.variables[name].dimensions


def names_of(product: Product, asked: str | None) -> list[str]:
    """The variables that a comma list names; without one, all that have a value for each window.

    Raises:
        InvalidRequest: the product has no such variable.
    """
    if asked is None:
        return [name for name, stored in product.variables.items() if "time" in stored.dimensions]
    names = list(dict.fromkeys(name.strip() for name in asked.split(",")))
    for name in names:
        if name not in product.variables:
            raise InvalidRequest(
                f"parameter-name {name!r} is none of the product; it has {', '.join(product.variables)}.",
                "parameter-name",
            )
    return names


def size(product: Product, names: Iterable[str], time: slice, cells: int) -> int:
    """Bytes of the values of these variables."""
    return sum(
        cells * stored.dtype.itemsize * (time.stop - time.start if "time" in stored.dimensions else 1)
        for stored in map(product.variables.__getitem__, names)
    )


def read(product: Product, names: list[str], time: slice, cut: Cells | Rectangle, place: Place) -> Coverage:
    """Read a part of a product; single cells are placed in the CRS asked for, a grid stays on its own.

    Raises:
        StoreUnavailable: the store did not answer, or lost an object of the product.
    """
    x, y = product.coordinates
    if isinstance(cut, Rectangle):
        values = product.window(names, time, cut.rows, cut.columns)
        return Coverage(product, time, cut, product.grid.epsg, x[cut.columns], y[cut.rows], values)
    values = product.cells(names, time, cut.rows, cut.columns)
    x, y = place.coordinates(x[cut.columns], y[cut.rows], product.grid.epsg)
    return Coverage(product, time, cut, place.epsg, x, y, values)
