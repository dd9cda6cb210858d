"""Products made in this process, and cubes cut in two, for the tests of the whole way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from workers import tasks
from workers.plan import CubeSource, Limits, Plan
from workers.processes import PROCESSES
from workers.products import keys
from workers.products.store import ProductStore
from workers.regions import degrees
from workers.synthetic import SyntheticCube

SPEC = SyntheticCube(pairs=300, height=64, width=57, years=3.0, seed=3)
CREATED = "2026-01-01T00:00:00Z"


def box(row: int, column: int, height: int, width: int) -> tuple[float, float, float, float]:
    """A box in degrees that lies just inside a window of the cube's pixels."""
    west, south, east, north = degrees(SPEC.grid.window(row, column, height, width))
    return west, south, east, north


def plan(source: CubeSource, bbox: Iterable[float], **inputs) -> Plan:
    """A planned region."""
    return tasks.plan_job("velocity-cube", {"bbox": list(bbox), **inputs}, source, Limits())


def publish(plan: Plan, folder: Path, order: Callable[[list[int]], list[int]] = list) -> xr.Dataset:
    """Compute a planned product in this process, its shards in any order, and open it."""
    products = str(folder)
    tasks.create_product(plan, products)
    for index in order(list(range(len(plan.shards)))):
        tasks.publish_shard(plan, index, products)
    tasks.finalise_product(plan, products, CREATED)
    return open_product(plan, folder)


def open_product(plan: Plan, folder: Path) -> xr.Dataset:
    """The finished product of a plan, in memory, undecoded flags and all."""
    product = PROCESSES[plan.process].product(plan).id
    path = ProductStore(str(folder)).location(keys.group(product))
    return xr.open_zarr(path, consolidated=True, mask_and_scale=False).load()


def stored(folder: Path) -> dict[str, bytes]:
    """Every object below a folder of products, but for receipts."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".shards" not in str(path)
    }


def halves(cube: Path, folder: Path, column: int) -> list[str]:
    """The cube cut in two at a column of pixels, as two neighbouring tiles."""
    whole = zarr.open_group(cube, mode="r", zarr_format=2)
    made = []
    for name, part in (("west", slice(0, column)), ("east", slice(column, None))):
        path = folder / f"{cube.stem}_{name}.zarr"
        target = zarr.open_group(path, mode="w-", zarr_format=2, attributes=dict(whole.attrs))
        for key, array in whole.arrays():
            dimensions = array.attrs["_ARRAY_DIMENSIONS"]
            values = np.asarray(array[...])
            if "x" in dimensions:
                values = values[..., part]
            attributes = dict(array.attrs)
            if key == "mapping":
                numbers = attributes["GeoTransform"].split()
                numbers[0] = str(float(numbers[0]) + 120.0 * (part.start or 0))
                attributes["GeoTransform"] = " ".join(numbers)
            copy = target.create_array(
                key,
                shape=values.shape,
                chunks=tuple(min(c, max(1, s)) for c, s in zip(array.chunks, values.shape, strict=True)),
                dtype=array.dtype,
                fill_value=array.fill_value,
                attributes=attributes,
                config={"write_empty_chunks": True},
            )
            copy[...] = values
        zarr.consolidate_metadata(target.store, zarr_format=2)
        made.append(str(path))
    return made
