"""The process `velocity-cube`: what its product is, and how one shard of it is made."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from itertools import chain

import numpy as np

from workers.calendar import date_of
from workers.cubes.cube import Cube
from workers.cubes.merging import MergedCube, data_sets
from workers.cubes.mosaic import NOBODY, Mosaic
from workers.cubes.opened import opened
from workers.errors import CubeChanged
from workers.plan import Plan, PlannedCube, ShardOutcome
from workers.products.spec import ProductSpec
from workers.velocity.region import BlockState, Reading, solve_window
from workers.velocity.region_inputs import VelocityCubeInputs
from workers.velocity.series import Flag
from workers.velocity.stac import COLLECTION_ID, PUBLICATIONS, SUMMARY
from workers.velocity.strips import ChunkRows, strips
from workers.velocity.variables import MAP_VARIABLES, SERIES_VARIABLES, VARIABLES
from workers.windows import Windows


def windows_of(plan: Plan) -> Windows:
    """The windows of a planned product."""
    return VelocityCubeInputs.model_validate(plan.inputs).windows(plan.first_day, plan.last_day)


def product_spec(plan: Plan) -> ProductSpec:
    """Everything that fixes the bytes of a planned product but its values."""
    inputs, windows, grid = VelocityCubeInputs.model_validate(plan.inputs), windows_of(plan), plan.grid
    xmin, ymin, xmax, ymax = grid.bounds
    start, end = date_of(windows.start[0]), date_of(windows.end[-1])
    place = f"EPSG{grid.epsg}_X{round((xmin + xmax) / 2)}_Y{round((ymin + ymax) / 2)}"
    period = f"{start:%Y%m%d}_{end:%Y%m%d}_{inputs.step}"
    return ProductSpec(
        id=f"ogive_{place}_{period}_v{plan.version}_{plan.request_sha256[:8]}",
        collection=COLLECTION_ID,
        title=f"Regularised ice velocity, {inputs.step}, {start} to {end}, {place.replace('_', ' ')}",
        summary=SUMMARY,
        grid=grid,
        windows=windows,
        variables=VARIABLES,
        version=str(plan.version),
        request_sha256=plan.request_sha256,
        attributes={
            "method": "TICOI",
            "regularization": inputs.regularization,
            "coefficient": inputs.coefficient,
            "guess": inputs.guess,
            "filter": inputs.filter,
            "gaps": inputs.gaps,
            "error_weights": int(inputs.error_weights),
            "interval": inputs.interval,
            "interval_level": inputs.level,
            "interval_comment": "a calibrated interval rests on the noise of images and pairs that residuals "
            "tell of; a theoretical one holds only as far as the stated errors and the prior do",
            "year_length_days": 365,
            "source": "; ".join(map(_source, plan.cubes)),
            "references": " ".join(f"https://doi.org/{p.doi}" for p in PUBLICATIONS),
            "license": "CC-BY-4.0",
            "keywords": "EARTH SCIENCE > CRYOSPHERE > GLACIERS/ICE SHEETS > GLACIER MOTION/ICE SHEET MOTION",
            "keywords_vocabulary": "GCMD Science Keywords",
        },
    )


def _source(cube: PlannedCube) -> str:
    origin = "ITS_LIVE datacube" if cube.dataset is None else f"data set {cube.dataset}, datacube"
    modified = f", last modified {cube.last_modified}" if cube.last_modified else ""
    return f"{origin} {cube.reference.id}{modified}"


@lru_cache(maxsize=4)
def _opened(plan_json: str) -> tuple[Mosaic, tuple[Cube, ...]]:
    """The mosaic of a plan, and the cubes that are in it."""
    plan = Plan.model_validate_json(plan_json)
    cubes: list[Cube] = []
    further: list[tuple[str, Cube]] = []
    for planned in plan.cubes:
        cube = opened(planned.reference, plan.access)
        if cube.fingerprint != planned.fingerprint:
            raise CubeChanged(
                f"Cube {planned.reference.id} changed after the job was planned; send the request again."
            )
        if planned.dataset is None:
            cubes.append(cube)
        else:
            further.append((planned.dataset, cube))
    names = VelocityCubeInputs.model_validate(plan.inputs).further_datasets
    sets = data_sets(names, further)
    mosaic = Mosaic([MergedCube(cube, sets) for cube in cubes] if names else cubes, plan.grid)
    return mosaic, (*cubes, *(cube for _, cube in further))


def compute_shard(
    plan: Plan,
    index: int,
    on_block: Callable[[BlockState], None],
    check: Callable[[], None],
    parts: int = 1,
) -> ShardOutcome:
    """Invert one shard: (T, h, w) and (h, w) arrays of every variable, and what to tell about them.

    `on_block` is told of each chunk row, `check` is called after each pixel; either may raise to stop. In
    several `parts`, one after the other, it takes less memory and gives the same.

    Raises:
        CubeChanged: a cube is not the one that was planned with, or is no longer when all is read.
        SourceUnavailable, CubeInvalid: a store or a cube is at fault.
    """
    began = time.process_time()
    shard, windows = plan.shards[index], windows_of(plan)
    inputs = VelocityCubeInputs.model_validate(plan.inputs)
    size = (shard.height, shard.width)
    arrays = {name: np.full((len(windows), *size), np.nan, np.float32) for name in SERIES_VARIABLES}
    arrays["quality_flag"] = np.full((len(windows), *size), int(Flag.no_data), np.uint8)
    arrays |= {name: np.full(size, np.nan, np.float32) for name in MAP_VARIABLES}
    mosaic, cubes = _opened(plan.model_dump_json())
    unanswered = int((mosaic.owners(shard.row, shard.column, *size) != NOBODY).sum())
    reading, solved, pairs = Reading(), 0, Counter(valid=0, used=0)
    vvc = np.full(size, np.nan)
    cut, decided = tuple(strips(shard.width, parts)), {}
    chunk_rows = ChunkRows(mosaic, len(cut), on_block)
    for pixel in chain.from_iterable(
        solve_window(
            mosaic,
            *(shard.row, shard.column + left, shard.height, width),
            *(windows, inputs, reading, chunk_rows.take, decided),
        )
        for left, width in cut
    ):
        check()
        unanswered -= 1
        at = pixel.row - shard.row, pixel.column - shard.column
        for name in SERIES_VARIABLES:
            arrays[name][(slice(None), *at)] = getattr(pixel.series, name)
        for name in MAP_VARIABLES:
            arrays[name][at] = getattr(pixel.series, name)
        pairs.update(valid=pixel.series.valid, used=pixel.series.used)
        pairs.update({f"rejected_{name}": taken for name, taken in pixel.series.rejected.items()})
        if pixel.series.used:
            solved += 1
            vvc[at] = pixel.series.vvc
    # Chunks are read over minutes: only a cube that is the same before and after is one.
    for cube in cubes:
        cube.check_unchanged()
    pixels = {
        "requested": shard.height * shard.width,
        "solved": solved,
        "no_data": shard.height * shard.width - solved - unanswered,
        "failed": unanswered,
    }
    return ShardOutcome(
        arrays=arrays,
        pixels=pixels,
        blocks={
            "total": shard.blocks,
            "empty": chunk_rows.count("empty"),
            "failed": chunk_rows.count("failed"),
        },
        pairs=dict(pairs),
        problems=tuple(dict.fromkeys(failure.message for failure in reading.failures)),
        quality={"vvc": tuple(round(float(v), 4) for v in vvc[np.isfinite(vvc)])},
        cpu_seconds=time.process_time() - began,
    )
