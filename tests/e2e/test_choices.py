"""Choices of the user that change which pairs and windows there are, at a point and over a region alike."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.making import SPEC, box, plan, publish
from workers.errors import InvalidRequest
from workers.plan import CubeSource
from workers.regions import to_grid
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series
from workers.velocity.series import Flag
from workers.velocity.variables import SERIES_VARIABLES

CHOICES = {
    "guess": "lowess",
    "filter": "vvc_choice,zscore",
    "stride": "P50D",
    "gaps": "mask",
    "level": 0.8,
    "sensors": "L8,S2A",
    "max_baseline": 300,
    "max_speed": 900.0,
}


@pytest.fixture(scope="module")
def source(cube):
    return CubeSource(cubes=(str(cube),))


def place(row, column):
    return to_grid(SPEC.epsg).transform(*SPEC.grid.centre(row, column), direction="INVERSE")


def test_a_point_with_choices_is_the_pixel_of_a_product_with_them(source, tmp_path):
    region = plan(source, box(31, 31, 8, 8), **CHOICES)
    product = publish(region, tmp_path)
    top, left = region.grid.offset(SPEC.grid)
    answer = point_series(source, *place(33, 35), VelocityParameters(**CHOICES))
    assert 0 < answer.series.used < answer.series.valid
    assert {"baseline", "sensors", "speed", "vvc_choice", "zscore"} < set(answer.series.rejected)
    for name in SERIES_VARIABLES:
        stored = product[name].values[:, 33 - top, 35 - left]
        assert stored.tobytes() == getattr(answer.series, name).tobytes(), name
    assert (np.diff(product["time"].values) == np.timedelta64(50, "D")).all()
    assert (np.diff(product["time_bnds"].values, axis=1) == np.timedelta64(30, "D")).all()
    told = {name: product.attrs[name] for name in ("guess", "filter", "gaps", "interval_level")}
    assert told == {
        "guess": "lowess", "filter": "vvc_choice,zscore", "gaps": "mask", "interval_level": 0.8,
    }  # fmt: skip
    assert product.attrs["time_coverage_resolution"] == "P50D"
    masked = answer.series.quality_flag & Flag.filled != 0
    assert np.isnan(answer.series.v[masked]).all()


def test_a_sensor_that_took_no_image_is_told_at_a_point_and_for_a_region(source):
    with pytest.raises(InvalidRequest, match=r"sensor L5; those of the cube are .*L8"):
        point_series(source, *place(33, 35), VelocityParameters(sensors="L5"))
    with pytest.raises(InvalidRequest, match="sensor L5"):
        plan(source, box(31, 31, 8, 8), sensors="L5")
