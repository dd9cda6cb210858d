import numpy as np

from workers.velocity.selection import in_canonical_order


def columns(selected):
    return np.stack(
        [selected.day1, selected.day2, selected.vx, selected.vy, selected.error_x, selected.error_y]
    )


def test_each_filter_reports_what_it_took_in_order(pixel):
    given = pixel(
        day1=[0, 10, 20, 30, 40, 50, 60],
        day2=[40, 50, 60, 30, 80, 90, 99],
        vx=[100, 100, 32767, 100, -100, np.nan, 100],
        vy=[0, 1, 0, 0, 0, 5, 0],
    )
    selected = given.select(pairs_datetime="1970-01-11/..")
    assert selected.valid == 6
    assert list(selected.rejected.items()) == [
        ("saturation", 1),
        ("dates", 1),
        ("baseline", 1),
        ("median_angle", 1),
    ]
    np.testing.assert_array_equal(given.table.day1[selected.rows], [10, 60])
    np.testing.assert_array_equal(selected.day2, [50, 99])


def test_a_velocity_of_which_one_component_is_missing_is_missing(pixel):
    given = pixel([0, 1, 2, 3], [9, 9, 9, 9], [50, np.nan, 50, np.inf], [1, 1, np.nan, 1])
    assert given.select().valid == 1


def test_the_order_of_storage_changes_nothing_to_the_bit(scenario):
    given = scenario(pairs=800, dates=30, years=1, pair_noise=3.0).pixel
    expected = columns(given.select())
    for seed in range(3):
        shuffled = given[np.random.default_rng(seed).permutation(800)]
        np.testing.assert_array_equal(columns(shuffled.select()), expected)


def test_ties_are_broken_by_velocity_then_error_with_nan_last():
    day = np.zeros(5, np.int32)
    vx = np.array([2.0, 1.0, 1.0, 1.0, 1.0])
    error = np.array([1.0, np.nan, 7.0, 3.0, np.nan])
    later = np.array([1.0, 2.0, 1.0, 1.0, 1.0])
    order = in_canonical_order(np.arange(5), day, day + 9, (vx, error, later))
    np.testing.assert_array_equal(order, [3, 2, 4, 1, 0])


def test_rows_out_of_order_are_sorted_by_their_days():
    day1, day2 = np.array([5, 0, 0, 5], np.int32), np.array([9, 8, 7, 6], np.int32)
    order = in_canonical_order(np.arange(4), day1, day2, (np.zeros(4),))
    np.testing.assert_array_equal(order, [2, 1, 3, 0])


def test_a_pixel_without_velocities_has_no_pairs(pixel):
    selected = pixel([0, 5], [10, 15], np.nan, np.nan).select()
    assert len(selected) == selected.valid == 0
    assert set(selected.rejected.values()) == {0}


def test_read_only_arrays_are_welcome(scenario):
    given = scenario(pairs=100).pixel
    for array in (given.table.day1, given.table.day2, given.table.error_x, given.vx, given.vy):
        array.flags.writeable = False
    assert len(given.select()) == 100
