"""A point's series made by hand, small enough to check every number."""

import numpy as np
import pytest

from workers.cubes.grid import Grid
from workers.cubes.reference import Access, CubeReference
from workers.plan import Plan, PlannedCube, Shard
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import PointSeries
from workers.velocity.series import PixelSeries
from workers.velocity.sites import Site
from workers.windows import Step, Windows


def make_pixel(v, flags) -> PixelSeries:
    v = np.array(v, np.float32)
    return PixelSeries(
        vx=v * np.float32(0.6),
        vy=v * np.float32(-0.8),
        v=v,
        vx_error=v / np.float32(10),
        vy_error=v / np.float32(10),
        v_error=v / np.float32(10),
        vx_error_lag1=np.where(np.isnan(v), np.nan, 0.25).astype(np.float32),
        vy_error_lag1=np.where(np.isnan(v), np.nan, -0.5).astype(np.float32),
        v_low=v * np.float32(0.8),
        v_high=v * np.float32(1.2),
        count=np.where(np.isnan(v), 0, 7.3).astype(np.float32),
        quality_flag=np.array(flags, np.uint8),
        vvc=np.float32(0.94),
        error_scale=np.float32(2.5),
        residual_nmad=3.0999,
        coefficient=np.float32(100),
        curve=(),
        iterations=6,
        converged=True,
        valid=40,
        used=35,
        rejected={"saturated": 1, "median_angle": 4},
        rows=np.arange(35),
        weights=np.ones(35, np.float32),
    )


@pytest.fixture
def make_point():
    """Build a PointSeries over windows of 10 days, one for each value of v."""

    def make(
        v=(148.2, 0.1, np.nan),
        flags=(1, 1 | 16, 1 | 128),
        other_cubes=(),
        observations=None,
        lon=-49.5,
        first=16_430,
        **parameters,
    ):
        windows = Windows.select(Step.parse("P10D"), first, first + 10 * len(v))
        cube = PlannedCube(
            reference=CubeReference(
                "ITS_LIVE_vel_EPSG3413_G0120_X-150000_Y-2250000",
                "s3://bucket/cube.zarr",
                3413,
                (-200_000.0, -2_300_000.0, -100_000.0, -2_200_000.0),
                "https://stac.example/items/cube",
            ),
            fingerprint="sha256:" + "ab" * 32,
            last_modified="2024-10-19T00:00:00Z",
            layers=50,
            media_type="application/vnd.zarr; version=2",
        )
        return PointSeries(
            site=Site(
                lon=lon,
                lat=69.1,
                cubes=(cube,),
                other_cubes=tuple(other_cubes),
                row=416,
                column=416,
                chunk=(41, 41),
                x=-150_052.5,
                y=-2_250_067.5,
                cell_lon=-49.5001235,
                cell_lat=69.0999877,
                offset_m=44.5,
            ),
            parameters=VelocityParameters(step="P10D", **parameters),
            windows=windows,
            series=make_pixel(v, flags),
            observations=observations,
            timings={"read": 0.02, "solve": 0.03},
        )

    return make


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def make_plan():
    """Build a plan whose shards have these numbers of blocks."""

    def make(blocks=(4,), sha256="ab" * 32):
        return Plan(
            process="velocity-cube",
            inputs={"bbox": [-50.0, 69.0, -49.0, 70.0]},
            access=Access(),
            cubes=(),
            grid=Grid(3413, 0.0, 0.0, 120.0, 40, 40 * len(blocks)),
            first_day=16_000,
            last_day=18_000,
            request_sha256=sha256,
            shards=tuple(
                Shard(row=0, column=40 * k, height=40, width=40, blocks=n) for k, n in enumerate(blocks)
            ),
        )

    return make
