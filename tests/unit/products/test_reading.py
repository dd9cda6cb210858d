"""Products read back: what is asked for, nothing else, and never a hole where an object is lost."""

import numpy as np
import pytest

from workers.calendar import Interval
from workers.errors import InvalidRequest, StoreUnavailable
from workers.products import keys, reading
from workers.products.reading import open_product

NAMES = ("depth", "mask", "height")


@pytest.fixture
def product(store, written, spec):
    return open_product(store, spec.id)


@pytest.fixture
def fetched(monkeypatch):
    """The keys that are read from the store, in their order."""
    seen = []
    plain = reading._Listed.get

    async def get(self, key, prototype, byte_range=None):
        found = await plain(self, key, prototype, byte_range)
        if found is not None:
            seen.append(key)
        return found

    monkeypatch.setattr(reading._Listed, "get", get)
    return seen


def test_metadata_is_that_of_the_specification(product, spec):
    assert product.grid == spec.grid
    np.testing.assert_array_equal(product.start, spec.windows.start)
    np.testing.assert_array_equal(product.end, spec.windows.end)
    assert list(product.variables) == sorted(NAMES)
    assert product.variables["height"].dimensions == ("y", "x")
    assert product.variables["depth"].attributes["units"] == "m"
    x, y = product.coordinates
    assert (x[3], y[5]) == spec.grid.centre(5, 3)


def test_a_window_holds_the_values_that_were_written(product, cube):
    time, rows, columns = slice(1, 4), slice(35, 85), slice(10, 45)
    found = product.window(NAMES, time, rows, columns)
    np.testing.assert_array_equal(found["depth"], cube["depth"][time, rows, columns])
    np.testing.assert_array_equal(found["mask"], cube["mask"][time, rows, columns])
    np.testing.assert_array_equal(found["height"], cube["height"][rows, columns])


def test_cells_are_read_in_the_order_asked_for(product, cube):
    rows, columns = [89, 0, 45, 0, 85], [49, 0, 20, 0, 45]
    found = product.cells(NAMES, slice(0, 3), rows, columns)
    np.testing.assert_array_equal(found["depth"], cube["depth"][:3, rows, columns])
    np.testing.assert_array_equal(found["mask"], cube["mask"][:3, rows, columns])
    np.testing.assert_array_equal(found["height"], cube["height"][rows, columns])


def test_a_cell_costs_one_index_and_one_chunk(product, fetched):
    product.cells(["depth"], slice(0, len(product)), [41, 42, 59], [5, 19, 0])
    assert fetched == ["depth/c/0/1/0"] * 2


def test_what_is_all_fill_value_costs_nothing(product, fetched):
    found = product.cells(["depth"], slice(0, 2), [85], [45])
    assert np.isnan(found["depth"]).all()
    assert fetched == []


@pytest.mark.parametrize(
    ("asked", "windows"),
    [
        (None, (0, 4)),
        ("2020-01-15", (1, 2)),
        ("2020-01-15/..", (2, 4)),
        ("../2020-02-29", (0, 3)),
        ("2019-12-31/2020-03-31", (1, 4)),
    ],
)
def test_an_interval_selects_the_windows_inside_it(product, asked, windows):
    found = product.within(None if asked is None else Interval.parse(asked))
    assert (found.start, found.stop) == windows


def test_an_interval_without_a_window_names_those_there_are(product):
    with pytest.raises(InvalidRequest, match=r"2019-12-01 to 2020-04-01"):
        product.within(Interval.parse("2030-01-01/2031-01-01"))


def test_a_lost_object_is_an_error_and_not_a_hole(product, store, spec):
    store.delete(f"{keys.group(spec.id)}/depth/c/0/1/0")
    with pytest.raises(StoreUnavailable, match=r"depth/c/0/1/0 is lost"):
        product.window(["depth"], slice(0, 1), slice(40, 41), slice(0, 1))


def test_a_product_that_is_not_whole_is_not_opened(store, written, spec):
    store.delete(keys.manifest(spec.id))
    with pytest.raises(FileNotFoundError):
        open_product(store, spec.id)


def test_a_product_without_its_metadata_is_an_error(store, written, spec):
    store.delete(f"{keys.group(spec.id)}/zarr.json")
    with pytest.raises(StoreUnavailable, match=spec.id):
        open_product(store, spec.id)
