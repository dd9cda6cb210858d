"""Small cubes in ITS_LIVE's layout, as many traps in them as fit."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5netcdf
import numpy as np
import pytest
import zarr
from numcodecs import Blosc

LEFT, TOP, SPACING = 500_032.5, 6_699_967.5, 120.0
LAYERS, HEIGHT, WIDTH = 57, 13, 12
MISSING = -32767


@dataclass
class Stored:
    """A variable to be written."""

    dimensions: tuple[str, ...]
    values: np.ndarray
    attributes: dict[str, Any] = field(default_factory=dict)
    chunks: tuple[int, ...] | None = None
    fill: Any = None


@dataclass
class Draft:
    """A cube to be written: change it, then write it."""

    variables: dict[str, Stored]
    attributes: dict[str, Any]
    time: str = "mid_date"

    def zarr(self, path: Path, zarr_format: int = 2, consolidated: bool = True) -> str:
        """Write as a Zarr group and give its path."""
        group = zarr.open_group(path, mode="w", zarr_format=zarr_format, attributes=self.attributes)
        for name, stored in self.variables.items():
            array = group.create_array(
                name,
                shape=stored.values.shape,
                dtype=stored.values.dtype,
                chunks=stored.chunks or stored.values.shape,
                fill_value=stored.fill,
                config={"write_empty_chunks": True},
                **(
                    {
                        "attributes": {**stored.attributes, "_ARRAY_DIMENSIONS": list(stored.dimensions)},
                        "compressors": Blosc("zlib", 2, 1),
                    }
                    if zarr_format == 2
                    else {"attributes": stored.attributes, "dimension_names": stored.dimensions}
                ),
            )
            array[...] = stored.values
        if consolidated:
            zarr.consolidate_metadata(path, zarr_format=zarr_format)
        return str(path)

    def netcdf(self, path: Path) -> str:
        """Write as NetCDF-4 and give its path."""
        with h5netcdf.File(path, "w") as file:
            file.attrs.update(self.attributes)
            file.dimensions = {self.time: LAYERS, "y": HEIGHT, "x": WIDTH}
            for name, stored in self.variables.items():
                values = stored.values.astype(object) if stored.values.dtype.kind == "U" else stored.values
                dtype = h5netcdf.core.h5py.string_dtype() if values.dtype == object else values.dtype
                chunks = None if stored.chunks is None else tuple(map(min, stored.chunks, values.shape))
                variable = file.create_variable(name, stored.dimensions, dtype=dtype, chunks=chunks)
                variable[...] = values if values.shape else values.item()
                variable.attrs.update(stored.attributes)
        return str(path)


def _draft() -> Draft:
    random = np.random.default_rng(7)
    start = 16_000 + random.integers(0, 900, LAYERS) + random.integers(0, 86_400, LAYERS) / 86_400
    end = start + random.choice([6, 12, 16, 48, 400], LAYERS)
    mid = (start + end) / 2
    mid[5] = mid[3]
    swapped = [2, 40]
    start[swapped], end[swapped] = end[swapped], start[swapped]
    layer = np.arange(LAYERS)
    vx = (layer[:, None, None] * 100 + np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)).astype("<i2")
    vy = (-vx).astype("<i2")
    gone = random.random(vx.shape) < 0.3
    vx[gone], vy[gone] = MISSING, MISSING
    vx[8, 0, 0], vy[8, 0, 0] = 32767, -28445
    error_x, error_y = random.uniform(1, 90, (2, LAYERS)).astype("<f4")
    error_x[11] = MISSING
    labels = [("L", "8."), ("L", "8"), ("S", "1A"), ("S", "2"), ("", ""), ("L", "9 ")]
    mission, satellite = np.array([labels[each % 6] for each in layer]).T
    wide, time = {"units": "meter/year", "missing_value": MISSING, "grid_mapping": "mapping"}, ("mid_date",)
    dates = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
    cells = np.arange(max(HEIGHT, WIDTH)) + 0.5
    return Draft(
        {
            "mapping": Stored(
                (),
                np.array("", "<U1"),
                {
                    "GeoTransform": f"{LEFT} {SPACING} 0 {TOP} 0 -{SPACING}",
                    "spatial_epsg": 32607,
                    "grid_mapping_name": "universal_transverse_mercator",
                },
            ),
            "mid_date": Stored(time, mid, dict(dates)),
            "acquisition_date_img1": Stored(time, start, dict(dates), fill=np.nan),
            "acquisition_date_img2": Stored(time, end, dict(dates), fill=np.nan),
            "vx_error": Stored(time, error_x, {"units": "meter/year"}, fill=float(MISSING)),
            "vy_error": Stored(time, error_y, {"units": "meter/year"}, fill=float(MISSING)),
            "mission_img1": Stored(time, mission.astype("<U1")),
            "satellite_img1": Stored(time, satellite.astype("<U2")),
            "granule_url": Stored(time, np.full(LAYERS, "http://granule", "<U1024")),
            "x": Stored(("x",), LEFT + cells[:WIDTH] * SPACING),
            "y": Stored(("y",), TOP - cells[:HEIGHT] * SPACING),
            "vx": Stored(("mid_date", "y", "x"), vx, dict(wide), (20, 5, 5)),
            "vy": Stored(("mid_date", "y", "x"), vy, dict(wide), (20, 5, 5)),
            "v": Stored(("mid_date", "y", "x"), vx, dict(wide), (20, 5, 5)),
        },
        {
            "projection": "32607",
            "date_updated": "25-Sep-2023 21:37:37",
            "proj_polygon": json.dumps(
                [
                    [LEFT - 60, TOP],
                    [LEFT + WIDTH * SPACING, TOP],
                    [LEFT + WIDTH * SPACING, TOP - HEIGHT * SPACING - 20],
                    [LEFT, TOP - HEIGHT * SPACING],
                ]
            ),
        },
    )


@pytest.fixture
def draft() -> Draft:
    """A sound cube of 57 layers and 13 x 12 pixels near Kluane, not yet written."""
    return _draft()


@pytest.fixture
def expected(draft: Draft) -> Callable[[], dict[str, np.ndarray]]:
    """The truth about a draft, worked out plainly: rows sorted by days, errors, sensor, layer."""

    def work_out() -> dict[str, np.ndarray]:
        first, second = (np.floor(draft.variables[f"acquisition_date_img{i}"].values) for i in (1, 2))
        error_x, error_y = (draft.variables[f"v{c}_error"].values.copy() for c in "xy")
        error_x[error_x == MISSING] = np.nan
        names = [["L8", "L8", "S1A", "S2", "?", "L9"][layer % 6] for layer in range(LAYERS)]
        day1, day2 = np.minimum(first, second), np.maximum(first, second)
        rows = sorted(
            range(LAYERS),
            key=lambda i: (day1[i], day2[i], np.nan_to_num(error_x[i], nan=np.inf), error_y[i], names[i], i),
        )
        vx, vy = (draft.variables[name].values.astype("f4") for name in ("vx", "vy"))
        vx[vx == MISSING] = np.nan
        vy[vy == MISSING] = np.nan
        return {
            "day1": day1[rows],
            "day2": day2[rows],
            "error_x": error_x[rows],
            "sensor": np.array(names)[rows],
            "order": np.array(rows),
            "vx": np.moveaxis(vx[rows], 0, -1),
            "vy": np.moveaxis(vy[rows], 0, -1),
        }

    return work_out


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real input; without it the tests that ask for it are skipped."""
    folder = os.environ.get("OGIVE_TEST_DATA")
    if not folder:
        pytest.skip("OGIVE_TEST_DATA names no folder of real input")
    return Path(folder)
