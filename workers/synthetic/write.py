"""Writes a synthetic cube: metadata first, then chunk by chunk, the consolidated metadata last."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import zarr

from workers.errors import InvalidRequest, StoreNotWritable
from workers.synthetic.glacier import Glacier, glacier
from workers.synthetic.layers import layer_values
from workers.synthetic.layout import COORDINATES, EMPTY, VARIABLES, ArrayLayout
from workers.synthetic.metadata import cube_attributes, mapping_attributes
from workers.synthetic.network import Network, network
from workers.synthetic.observe import CELL, LAYERS, MISSING, Readings, observe
from workers.synthetic.satellites import SATELLITES
from workers.synthetic.spec import SyntheticCube
from workers.synthetic.truth import truth_path

_THREADS = 2


def cube_path(path: str, spec: SyntheticCube) -> str:
    """Where a cube goes: `path` itself if it ends in `.zarr`, else ITS_LIVE's name for it in that folder."""
    return path.rstrip("/") if path.rstrip("/").endswith(".zarr") else str(Path(path, f"{spec.name}.zarr"))


def write_cube(path: str, spec: SyntheticCube, progress: Callable[[int, int], None] | None = None) -> str:
    """Write a cube in the layout of ITS_LIVE v2 with its truth beside it, and say where.

    Memory holds two chunks of each array at a time, and one text array (4 KiB a layer). Equal specifications
    give equal values. Until all is written there is no `.zmetadata`.

    Args:
        path: a local path that ends in `.zarr`, or a folder.
        spec: what to make.
        progress: told the chunk columns done and their number, after each.

    Raises:
        InvalidRequest: something lies there already, the path is no local one, or no pair is possible.
        StoreNotWritable: the file system refuses.
    """
    if "://" in path:
        raise InvalidRequest(
            f"{path} is a URL; synthetic cubes are written to local paths and can be copied from there.",
            "path",
        )
    target = Path(cube_path(path, spec))
    if target.exists():
        raise InvalidRequest(f"{target} exists already; remove it or name another path.", "path")
    pairs, field = network(spec), glacier(spec)
    try:
        group = zarr.open_group(
            target, mode="w-", zarr_format=2, attributes=cube_attributes(spec, target.name)
        )
        arrays = _write_small(group, spec, pairs, field.ice)
        cells = list(product(range(-(-spec.height // CELL)), range(-(-spec.width // CELL))))
        with ThreadPoolExecutor(_THREADS) as pool:
            written = pool.map(partial(_write_cell, arrays, spec, pairs, field), cells)
            for done, _ in enumerate(written, 1):
                if progress is not None:
                    progress(done, len(cells))
        field.truth.write(truth_path(str(target)), _truth_attributes(spec, target.name))
        zarr.consolidate_metadata(group.store, zarr_format=2)
    except OSError as error:
        raise StoreNotWritable(f"The cube cannot be written to {target}: {error}.") from error
    return str(target)


def _write_small(
    group: zarr.Group, spec: SyntheticCube, pairs: Network, ice: np.ndarray
) -> dict[str, zarr.Array]:
    """Create all arrays, and fill those that need no chunk of readings.

    The arrays are handed on as they were created: opened anew they would skip chunks of zeros.
    """
    grid = spec.grid
    sizes = {"mid_date": spec.pairs, "y": spec.height, "x": spec.width}
    values = layer_values(pairs) | {
        "x": grid.centre(0, 0)[0] + grid.spacing * np.arange(spec.width),
        "y": grid.centre(0, 0)[1] - grid.spacing * np.arange(spec.height),
        "mapping": np.array("", "<U1"),
        "landice": ice.astype(np.uint8),
        "floatingice": np.zeros(ice.shape, np.uint8),
    }
    arrays = {}
    for layout in COORDINATES + VARIABLES:
        extra = mapping_attributes(grid) if layout.name == "mapping" else {}
        array = arrays[layout.name] = _create(group, layout, sizes, extra)
        if layout.name in values:
            array[...] = values[layout.name].astype(layout.dtype)
        elif layout.name in EMPTY:
            _write_constant(array, layout.attributes["missing_value"])
    return arrays


def _create(group: zarr.Group, layout: ArrayLayout, sizes: dict[str, int], extra: dict) -> zarr.Array:
    return group.create_array(
        layout.name,
        shape=tuple(sizes[dimension] for dimension in layout.dimensions),
        chunks=layout.chunks(sizes),
        dtype=layout.dtype,
        fill_value=layout.fill,
        compressors=layout.codec,
        filters=None,
        attributes=layout.attributes | extra | {"_ARRAY_DIMENSIONS": list(layout.dimensions)},
        config={"write_empty_chunks": True},
    )


def _write_constant(array: zarr.Array, value: int) -> None:
    """Write one value everywhere: every chunk is stored, as real writers do, but encoded only once."""
    array[tuple(slice(size) for size in array.chunks)] = value
    folder = Path(array.store.root, array.path)
    numbers = (range(-(-size // chunk)) for size, chunk in zip(array.shape, array.chunks, strict=True))
    first, *others = (folder / ".".join(map(str, chunk)) for chunk in product(*numbers))
    for other in others:
        shutil.copyfile(first, other)


def _write_cell(
    arrays: dict[str, zarr.Array],
    spec: SyntheticCube,
    pairs: Network,
    field: Glacier,
    cell: tuple[int, int],
) -> None:
    """Simulate and store 10 x 10 pixels, one chunk of layers after the other."""
    top, left = cell[0] * CELL, cell[1] * CELL
    truth = field.truth.window(top, left, CELL, CELL)
    opacity = field.opacity[top : top + CELL, left : left + CELL]
    for time in range(-(-spec.pairs // LAYERS)):
        readings = observe(spec, pairs, truth, opacity, (time, *cell))
        _write_chunk(arrays, pairs, readings, (time, *cell))


def _write_chunk(
    arrays: dict[str, zarr.Array], pairs: Network, readings: Readings, chunk: tuple[int, int, int]
) -> None:
    """Store one chunk of every map that has values."""
    layers = slice(chunk[0] * LAYERS, (chunk[0] + 1) * LAYERS)
    place = (layers, *(slice(number * CELL, (number + 1) * CELL) for number in chunk[1:]))
    for name in ("v", "vx", "vy", "v_error"):
        arrays[name][place] = getattr(readings, name)
    sizes = np.array([entry.chip for entry in SATELLITES.values()], np.uint16)
    chip = sizes[pairs.satellite[pairs.first[layers]]][:, None, None] * (readings.v != MISSING)
    for name in ("chip_size_height", "chip_size_width"):
        arrays[name][place] = chip


def _truth_attributes(spec: SyntheticCube, cube: str) -> dict[str, object]:
    grid = spec.grid
    return {
        "cube": cube,
        "spatial_epsg": grid.epsg,
        "GeoTransform": mapping_attributes(grid)["GeoTransform"],
        "specification": spec.record(),
    }
