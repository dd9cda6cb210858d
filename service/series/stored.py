"""Series for places from a finished product: read, never computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from service.errors import NotFound
from service.formats.stored import StoredSeries, stored_document, stored_names
from service.series.query import SeriesOptions
from workers.calendar import Interval
from workers.cubes.grid import Grid
from workers.errors import InvalidRequest, OgiveError
from workers.geojson import Place
from workers.products import documents, keys
from workers.products.reading import Product
from workers.products.store import ProductStore
from workers.regions import to_grid
from workers.velocity.parameters import VelocityParameters

_FREE = {"datetime"}
"""What may be chosen of a series that is there already"""


def check_fixed(query: SeriesOptions) -> None:
    """Refuse choices that a product was made with.

    Raises:
        InvalidRequest: naming the first.
    """
    fixed = {*VelocityParameters.model_fields, "observations"} - _FREE
    for name in query.model_fields_set & fixed:
        raise InvalidRequest(f"{name} is fixed by the product; leave it out.", name)


def stored_members(
    store: ProductStore, product: Product, query: SeriesOptions, places: Sequence[Place]
) -> list[dict[str, Any] | OgiveError]:
    """The document of each place, or NotFound where the product has no pixel near enough.

    Raises:
        InvalidRequest: no window of the product lies in `datetime`.
        StoreUnavailable: the store did not answer.
    """
    interval = None if query.datetime is None else Interval.parse(query.datetime)
    windows, names = product.within(interval), stored_names(product)
    found = [_pixel(product.grid, place, query.max_distance) for place in places]
    held = [(place, *pixel) for place, pixel in zip(places, found, strict=True) if pixel is not None]
    if not held:
        return [_outside(product, place) for place in places]
    values = product.cells(names, windows, [row for _, row, *_ in held], [column for *_, column, _ in held])
    request = _request(store, product.id)
    made = iter(
        stored_document(
            StoredSeries(
                product,
                request,
                place,
                row,
                column,
                offset,
                query.datetime,
                windows,
                {name: array[..., index] for name, array in values.items()},
            )
        )
        for index, (place, row, column, offset) in enumerate(held)
    )
    return [
        _outside(product, place) if pixel is None else next(made)
        for place, pixel in zip(places, found, strict=True)
    ]


def _pixel(grid: Grid, place: Place, max_distance: float) -> tuple[int, int, float] | None:
    """Row and column of the pixel nearest to a place, and its distance; None where that is too far."""
    x, y = to_grid(grid.epsg).transform(place.lon, place.lat)
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    row, column = grid.cell(x, y)
    row, column = min(max(row, 0), grid.height - 1), min(max(column, 0), grid.width - 1)
    offset = math.dist((x, y), grid.centre(row, column))
    return (row, column, round(offset, 1)) if offset <= max_distance else None


def _outside(product: Product, place: Place) -> NotFound:
    return NotFound(f"Product {product.id} has no pixel near lon={place.lon:g}, lat={place.lat:g}.")


@lru_cache(maxsize=32)
def _request(store: ProductStore, product: str) -> dict[str, Any]:
    """The request that a product was made by; it is never rewritten."""
    return documents.read(store, keys.request(product))
