import numpy as np

from workers.velocity.filters import (
    near_median,
    near_median_direction,
    outside_dates,
    saturated,
    without_baseline,
)


def test_a_component_or_a_speed_at_the_limit_of_int16_is_saturated():
    for vx, vy in ((32767, 0), (-32767, 5), (23170, 23170)):
        assert saturated(np.float32(vx), np.float32(vy))
    for vx, vy in ((100, 0), (23169, 23169), (0, -32766)):
        assert not saturated(np.float32(vx), np.float32(vy))


def test_both_dates_must_lie_inside_the_interval():
    pairs = [(9, 15), (10, 12), (15, 20), (19, 20)]
    limits = {(10, 20): [1, 0, 1, 1], (10, np.inf): [1, 0, 0, 0], (-np.inf, 13): [1, 0, 1, 1]}
    for (start, end), expected in limits.items():
        assert [outside_dates(*pair, start, end) for pair in pairs] == expected


def test_two_images_of_one_day_have_no_baseline():
    assert without_baseline(7, 7)
    assert not without_baseline(7, 8)


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
