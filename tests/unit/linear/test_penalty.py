import numpy as np

from workers.linear.penalty import accelerations, jumps, penalty_band

TIMES = np.array([0.0, 1.0, 4.0, 6.0, 20.0, 21.0])


def test_a_row_gives_the_jump_of_slope_at_an_inner_time():
    positions = np.array([0.0, 2.0, 2.0, 8.0, 8.0, 3.0])
    slopes = np.diff(positions) / np.diff(TIMES)
    rows = jumps(TIMES)
    found = [row @ positions[k : k + 3] for k, row in enumerate(rows)]
    np.testing.assert_allclose(found, np.diff(slopes), atol=1e-15)


def test_a_straight_line_has_no_jumps():
    rows = jumps(TIMES)
    for k, row in enumerate(rows):
        assert abs(row @ TIMES[k : k + 3]) < 1e-15


def test_the_band_holds_the_squared_jumps_without_the_fixed_unknown():
    gamma = np.zeros((4, 6))
    for k, row in enumerate(jumps(TIMES)):
        gamma[k, k : k + 3] = row
    full = 9.0 * (gamma.T @ gamma)[1:, 1:]
    band = penalty_band(jumps(TIMES), 9.0, 5)
    for d in range(3):
        np.testing.assert_allclose(band[: 5 - d, d], np.diagonal(full, -d), rtol=1e-14)


def test_two_times_have_nothing_to_penalise():
    assert jumps(TIMES[:2]).shape == (0, 3)
    assert (penalty_band(jumps(TIMES[:2]), 9.0, 1) == 0.0).all()


def test_accelerations_hardly_depend_on_how_dense_the_times_are():
    sparse, dense = np.linspace(0.0, 400.0, 51), np.linspace(0.0, 400.0, 401)
    cost = {
        rows: [
            sum((row @ np.sin(times / 60.0)[k : k + 3]) ** 2 for k, row in enumerate(rows(times)))
            for times in (sparse, dense)
        ]
        for rows in (jumps, accelerations)
    }
    exact = (400.0 / 2 - 60.0 / 4 * np.sin(800.0 / 60.0)) / 60.0**4
    np.testing.assert_allclose(cost[accelerations], exact, rtol=0.03)
    assert cost[jumps][0] > 7.5 * cost[jumps][1]
