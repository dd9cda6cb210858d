import numpy as np

from workers.calendar import Interval
from workers.velocity.filters import (
    near_median,
    near_median_direction,
    unsaturated,
    within_baselines,
    within_dates,
)


def test_a_component_or_a_speed_at_the_limit_of_int16_is_saturated():
    vx = np.array([100.0, 32767.0, -32767.0, 23170.0, 23169.0, 0.0])
    vy = np.array([0.0, 0.0, 5.0, 23170.0, 23169.0, -32766.0])
    np.testing.assert_array_equal(unsaturated(vx, vy), [True, False, False, False, True, True])


def test_both_dates_must_lie_inside_the_interval():
    day1, day2 = np.array([9, 10, 15, 19]), np.array([15, 12, 20, 20])
    np.testing.assert_array_equal(within_dates(day1, day2, Interval(10, 20)), [False, True, False, False])
    np.testing.assert_array_equal(within_dates(day1, day2, Interval(10, None)), [False, True, True, True])
    np.testing.assert_array_equal(within_dates(day1, day2, Interval(None, 13)), [False, True, False, False])


def test_baselines_are_counted_in_days_ends_included():
    day1 = np.zeros(5, np.int32)
    day2 = np.array([0, 1, 30, 31, 400], np.int32)
    np.testing.assert_array_equal(within_baselines(day1, day2), [False, True, True, True, True])
    np.testing.assert_array_equal(within_baselines(day1, day2, 30, 31), [False, False, True, True, False])


def test_the_modified_z_score_counts_in_nmad():
    speed = np.array([96.0, 98.0, 99.0, 100.0, 101.0, 102.0, 104.0, 118.0, 130.0])
    np.testing.assert_array_equal(speed[~near_median(speed)], [118.0, 130.0])


def test_speeds_that_all_agree_are_kept():
    assert near_median(np.array([7.0, 7.0, 7.0, 8.0])).all()


def test_directions_beyond_45_degrees_from_the_median_are_refused():
    degrees = np.array([0.0] * 9 + [44.0, -44.0, 46.0, -46.0, 180.0])
    angle = np.deg2rad(degrees)
    kept = near_median_direction(100 * np.cos(angle), 100 * np.sin(angle))
    np.testing.assert_array_equal(degrees[~kept], [46.0, -46.0, 180.0])


def test_on_slow_ice_the_speed_decides_and_not_the_direction():
    rng = np.random.default_rng(0)
    vx, vy = rng.normal(0, 5, 500), rng.normal(0, 5, 500)
    vx[0] = 300.0
    kept = near_median_direction(vx, vy)
    assert not kept[0]
    assert kept.mean() > 0.98
