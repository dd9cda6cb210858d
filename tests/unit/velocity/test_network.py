import numpy as np

from workers.velocity.network import network_of


def test_the_dates_are_those_of_the_pairs_and_no_others(pixel):
    network = network_of(pixel([100, 100, 140], [116, 140, 172], 365.0, -730.0).select())
    np.testing.assert_array_equal(network.days, [100, 116, 140, 172])
    np.testing.assert_array_equal(network.first, [0, 0, 2])
    np.testing.assert_array_equal(network.second, [1, 2, 3])
    np.testing.assert_array_equal(network.baseline, [16, 40, 32])
    np.testing.assert_allclose(network.displacement, [[16, -32], [40, -80], [32, -64]])


def test_stated_errors_become_metres_and_gaps_the_median_of_the_others(pixel):
    given = pixel(
        [0, 1, 2, 3, 4, 5], [10, 21, 32, 13, 14, 15], 50.0, 0.0, [36.5, 36.5, 36.5, 0.0, np.inf, np.nan], 73.0
    )
    network = network_of(given.select())
    np.testing.assert_allclose(network.error[:, 0], [1.0, 2.0, 3.0, 2.0, 2.0, 2.0], rtol=1e-6)
    np.testing.assert_allclose(network.error[:, 1], 0.2 * network.baseline, rtol=1e-6)


def test_a_component_without_any_stated_error_has_none(pixel):
    network = network_of(pixel([0, 5], [10, 15], 50.0, 0.0, np.nan, 73.0).select())
    assert np.isnan(network.error[:, 0]).all()
    assert np.isfinite(network.error[:, 1]).all()


def test_an_interval_is_spanned_by_the_chosen_pairs_that_reach_across_it(pixel):
    network = network_of(pixel([0, 10, 30], [20, 20, 40], 50.0, 0.0).select())
    np.testing.assert_array_equal(network.spanned(np.ones(3, bool)), [True, True, False, True])
    np.testing.assert_array_equal(network.spanned(np.array([False, True, True])), [False, True, False, True])
    np.testing.assert_array_equal(network.spanned(np.zeros(3, bool)), [False] * 4)


def test_a_refined_network_has_the_same_pairs_and_no_long_interval(pixel):
    network = network_of(pixel([0, 10, 200], [10, 200, 205], 100.0, 0.0).select())
    finer = network.refined(50)
    np.testing.assert_array_equal(finer.days, [0, 10, 57, 105, 152, 200, 205])
    np.testing.assert_array_equal(finer.days[finer.first], network.days[network.first])
    np.testing.assert_array_equal(finer.days[finer.second], network.days[network.second])
    np.testing.assert_array_equal(network.refined(190).days, network.days)
