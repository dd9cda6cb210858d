"""4 225 real pairs of Jakobshavn Isbrae: 40 % of them nonsense, the ice moves kilometres a year."""

import datetime as dt

import numpy as np
import pytest

from workers.scores.holdout import holdout
from workers.velocity.parameters import VelocityParameters
from workers.velocity.series import Flag

pytestmark = pytest.mark.real_data
SINCE_LANDSAT_8 = "2014-06-01/.."


AT_100 = {"pairs_datetime": SINCE_LANDSAT_8, "coefficient": 100.0}
"""What the golden figures were seen with"""


@pytest.fixture(scope="module")
def solved(jakobshavn):
    return jakobshavn.invert(**AT_100)


def test_the_filters_keep_the_pairs_that_point_along_the_flow(solved):
    series, _ = solved
    assert series.valid == 4225
    assert series.used == 2101
    assert series.rejected == {"saturation": 2, "dates": 693, "baseline": 0, "median_angle": 1429}
    assert series.vvc > 0.99


def test_the_slowdown_after_2016_and_the_return_after_2018_are_seen(solved):
    series, windows = solved

    def mean_of(year):
        first, last = ((dt.date(y, 1, 1) - dt.date(1970, 1, 1)).days for y in (year, year + 1))
        inside = (windows.start >= first) & (windows.end <= last)
        assert np.isfinite(series.v[inside]).all()
        return series.v[inside].mean()

    speeds = {year: mean_of(year) for year in range(2015, 2022)}
    print({year: round(float(speed)) for year, speed in speeds.items()})
    assert min(speeds[2015], speeds[2016]) > 8000 > 7000 > speeds[2017] > speeds[2018]
    assert speeds[2018] < 6500
    assert speeds[2020] > speeds[2018] + 1000


def test_summers_are_faster_than_winters(solved):
    series, windows = solved
    month = windows.middle.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
    sound = (series.quality_flag & (Flag.filled | Flag.low_count | Flag.no_data)) == 0
    summer, winter = (series.v[sound & np.isin(month, months)].mean() for months in ((7, 8), (3, 4)))
    assert summer > winter + 500


def test_windows_in_polar_night_say_that_they_are_filled(solved):
    series, windows = solved
    night = (dt.date(2015, 12, 15) - dt.date(1970, 1, 1)).days
    at = np.flatnonzero((windows.start <= night) & (windows.end > night))[0]
    assert series.quality_flag[at] & Flag.filled


@pytest.mark.parametrize(
    ("coefficient", "path", "product"), [(30.0, (217, 520), (245, 565)), (100.0, (223, 538), (245, 584))]
)
def test_held_out_images_are_predicted_as_well_as_by_the_plain_reference(
    jakobshavn, coefficient, path, product
):
    parameters = VelocityParameters(pairs_datetime=SINCE_LANDSAT_8, coefficient=coefficient)
    score = holdout(jakobshavn.table, jakobshavn.vx, jakobshavn.vy, parameters)
    for name in ("path", "product", "rolling_median", "rolling_median_product"):
        method = getattr(score, name)
        print(f"c = {coefficient:g} {name}: all {method.all}, at most 60 days {method.short}")
    assert score.kept == 2101
    assert score.path.all.pairs == 425
    assert score.path.short.median <= path[0]
    assert score.path.short.percentile_90 <= path[1]
    assert score.product.short.median <= product[0]
    assert score.product.short.percentile_90 <= product[1]


@pytest.mark.parametrize(
    ("variant", "median", "scatter", "apart"),
    [
        ({}, 7460.0, 4.01, 0.0),
        ({"regularization": "zero"}, 7211.0, 5.54, 135.0),
        ({"regularization": "model"}, 7520.0, 4.68, 76.0),
        ({"penalty": "acceleration"}, 7479.0, 3.94, 6.7),
        ({"weights": "separate"}, 7428.0, 4.10, 29.0),
        ({"interpolation": "spline"}, 7460.0, 4.01, 0.0),
    ],
)
def test_variants_of_the_inversion_tell_of_one_glacier(jakobshavn, solved, variant, median, scatter, apart):
    """Median speed (m/yr), scatter of residuals (m) and median distance from the default, as first seen."""
    plain, _ = solved
    series, _ = jakobshavn.invert(**AT_100, **variant)
    assert series.used == plain.used
    sound = (series.quality_flag & (Flag.filled | Flag.edge | Flag.low_count | Flag.no_data)) == 0
    distance = np.hypot(series.vx - plain.vx, series.vy - plain.vy)[sound]
    assert np.median(series.v[sound]) == pytest.approx(median, rel=0.02)
    assert series.residual_nmad == pytest.approx(scatter, rel=0.1)
    assert np.median(distance) == pytest.approx(apart, rel=0.5, abs=1.0)
    # In the gaps of polar night too no variant leaves what this glacier has ever done.
    covered = np.isfinite(series.v)
    assert series.v[covered].min() > 3000
    assert series.v[covered].max() < 15_000
    assert series.vvc > 0.99
    assert 0.3 < np.nanmedian(series.vx_error_lag1[sound]) < 0.95
