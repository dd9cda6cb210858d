"""The peer's side, run by the Python of its own environment: ticoi by its public functions."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import xarray as xr
from ticoi.core import process
from ticoi.cube_data_classxr import CubeDataClass

from tests.benchmarks.child import serve

CRS = "EPSG:32607"
SIDE = 2
"""Pixels a side: the least that ticoi opens; it then leaves out its spatial mean, which saves it time"""
EPOCH = np.datetime64("1970-01-01", "D")


def cube(path: str) -> CubeDataClass:
    """The stored pixel as a small cube in memory, every pixel of it the same."""
    stored = np.load(path)
    day1, day2 = (stored[name].astype(np.int64) for name in ("day1", "day2"))
    start, end = ((EPOCH + day).astype("datetime64[ns]") for day in (day1, day2))
    middle = start + (end - start) // 2
    order = np.argsort(middle, kind="stable")

    def along(values: np.ndarray) -> tuple[str, np.ndarray]:
        return "mid_date", values[order]

    def everywhere(values: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
        return ("mid_date", "y", "x"), np.tile(values[order, None, None], (1, SIDE, SIDE))

    made = CubeDataClass()
    made.ds = xr.Dataset(
        {
            "vx": everywhere(stored["vx"]),
            "vy": everywhere(stored["vy"]),
            "date1": along(start),
            "date2": along(end),
            "errorx": along(stored["error"]),
            "errory": along(stored["error"]),
        },
        coords={
            "mid_date": middle[order],
            "y": 6_736_050.0 - 120.0 * np.arange(SIDE),
            "x": 607_900.0 + 120.0 * np.arange(SIDE),
        },
        attrs={"proj4": CRS},
    ).chunk({"mid_date": -1})
    made.update_dimension()
    made.standardize_cube_for_processing()
    return made


def measure(pairs: str, coefficient: float = 100.0, errors: bool = False, repeats: int = 1) -> dict[str, Any]:
    """Filter and invert a stored pixel; see the other side for what is answered.

    The time is that of one pixel: the filter's, which works on the whole cube, is divided by its pixels.
    """
    seconds = []
    for _ in range(repeats):
        block = cube(pairs)
        began = time.process_time()
        guess, _ = block.filter_cube_before_inversion(delete_outliers="median_angle")
        filtered = time.process_time()
        series = process(
            block,
            float(block.ds.x[0]),
            float(block.ds.y[0]),
            None,
            coef=coefficient,
            obs_filt=guess,
            proj=CRS,
            delete_outliers="median_angle",
            interval_output=30,
            redundancy=30,
            result_quality=["Error_propagation"] if errors else None,
        )
        seconds.append((filtered - began) / SIDE**2 + time.process_time() - filtered)
    days = {
        name: ((series[column].to_numpy().astype("datetime64[D]") - EPOCH).astype(int)).tolist()
        for name, column in (("start", "date1"), ("end", "date2"))
    }
    return {"seconds": seconds, **days, "vx": series["vx"].tolist(), "vy": series["vy"].tolist()}


if __name__ == "__main__":
    serve(measure)
