import numpy as np

from workers.velocity.filters import (
    near_median,
    near_median_by_coherence,
    near_median_direction,
    near_median_velocity,
    outside_speeds,
    saturated,
)


def test_a_component_or_a_speed_at_the_limit_of_int16_is_saturated():
    for vx, vy in ((32767, 0), (-32767, 5), (23170, 23170)):
        assert saturated(np.float32(vx), np.float32(vy))
    for vx, vy in ((100, 0), (23169, 23169), (0, -32766)):
        assert not saturated(np.float32(vx), np.float32(vy))


def test_speeds_outside_their_limits_are_told():
    pairs = [(3, 4), (6, 8), (-30, 40)]
    for limits, expected in {(5, 10): [0, 0, 1], (5.1, np.inf): [1, 0, 0], (0, 9.9): [0, 1, 1]}.items():
        assert [outside_speeds(np.float32(x), np.float32(y), *limits) for x, y in pairs] == expected


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


def test_the_z_score_judges_both_components():
    rng = np.random.default_rng(0)
    vx, vy = rng.normal(100, 5, 300), rng.normal(-50, 5, 300)
    vx[0], vy[1] = -100.0, 50.0
    kept = near_median_velocity(vx, vy)
    assert not kept[:2].any()
    assert kept.mean() > 0.98


def test_directions_judge_where_they_cohere_and_components_where_they_do_not():
    rng = np.random.default_rng(0)
    surge = np.concatenate([rng.normal(100, 5, 300), rng.normal(900, 50, 40)])
    across = rng.normal(0, 5, 340)
    np.testing.assert_array_equal(
        near_median_by_coherence(surge, across), near_median_direction(surge, across)
    )
    assert near_median_by_coherence(surge, across).all()
    vx, vy = rng.normal(0, 60, (2, 300))
    vx[0] = 900.0
    np.testing.assert_array_equal(near_median_by_coherence(vx, vy), near_median_velocity(vx, vy))
    assert not near_median_by_coherence(vx, vy)[0]


def test_the_choice_does_not_depend_on_the_order_of_the_pairs_or_on_those_at_rest():
    rng = np.random.default_rng(1)
    vx, vy = rng.normal(20, 40, 500), rng.normal(0, 40, 500)
    vx[:50] = vy[:50] = 0.0
    kept, order = near_median_by_coherence(vx, vy), rng.permutation(500)
    np.testing.assert_array_equal(near_median_by_coherence(vx[order], vy[order]), kept[order])
