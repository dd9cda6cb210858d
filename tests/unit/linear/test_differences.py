from itertools import pairwise

import numpy as np
import pytest

from workers.linear.banded import NotPositiveDefinite
from workers.linear.differences import Differences, residuals
from workers.linear.normal import MANY
from workers.linear.penalty import jumps, penalty_band
from workers.linear.robust import Jury, biweight, radial_scale


@pytest.mark.parametrize("coefficient", [1.0, 30.0, 100.0, 1000.0, 1e4, 1e6])
def test_the_solution_is_that_of_an_orthogonal_factorisation(full_system, coefficient):
    full = full_system(dates=200, rows=900, coefficient=coefficient)
    weight = np.random.default_rng(3).uniform(0.0, 1.0, 900)
    expected = full.least_squares(weight)
    solution, _ = full.system.solve(weight)
    assert (solution[0] == 0.0).all()
    assert np.abs(solution[1:] - expected).max() < 1e-6 * np.abs(expected).max()


def test_rows_without_weight_play_no_part_even_in_the_bandwidth(full_system):
    full = full_system(dates=120, rows=400, coefficient=50.0, longest=100)
    system = full.system
    weight = np.where(system.second - system.first > 10, 0.0, 1.0)
    kept = weight > 0
    alone = Differences(
        system.first[kept], system.second[kept], system.observed[kept], system.times, system.penalty
    )
    solution, normal = system.solve(weight)
    np.testing.assert_array_equal(solution, alone.solve(np.ones(kept.sum()))[0])
    assert normal.factor.lower.shape == (11, 119)


def test_few_and_many_right_hand_sides_solve_with_the_same_matrix(full_system):
    full = full_system(dates=150, rows=500, coefficient=1e4)
    weight = np.ones(500)
    _, normal = full.system.solve(weight)
    right = np.random.default_rng(5).normal(size=(149, MANY + 3))
    expected = np.linalg.solve(full.normal(weight), right)
    for part in (slice(0, 2), slice(0, MANY + 3)):
        solution = normal.solve(right[:, part])
        assert (solution[0] == 0.0).all()
        np.testing.assert_allclose(solution[1:], expected[:, part], rtol=1e-5)


def test_a_single_row_between_two_unknowns_is_met():
    times = np.array([0.0, 12.0])
    system = Differences(
        np.array([0], np.int32),
        np.array([1], np.int32),
        np.array([[3.0, -4.0]]),
        times,
        penalty_band(jumps(times), 1e4, 1),
    )
    solution, _ = system.solve(np.ones(1))
    np.testing.assert_allclose(solution, [[0.0, 0.0], [3.0, -4.0]], rtol=1e-14)


def test_parts_that_no_row_joins_are_held_by_the_penalty_alone():
    times = np.array([0.0, 10.0, 20.0, 500.0, 510.0, 520.0])
    first, second = np.array([0, 1, 3, 4], np.int32), np.array([1, 2, 4, 5], np.int32)
    observed = np.full((4, 2), 7.0)
    system = Differences(first, second, observed, times, penalty_band(jumps(times), 1e4, 5))
    solution, _ = system.solve(np.ones(4))
    np.testing.assert_allclose(solution, np.outer(0.7 * times, [1.0, 1.0]), atol=1e-9)


def test_without_any_weight_there_is_no_answer(full_system):
    with pytest.raises(NotPositiveDefinite, match="No row has a weight"):
        full_system(dates=30, rows=20, coefficient=10.0).system.solve(np.zeros(20))


def test_no_right_hand_side_is_no_solution(full_system):
    _, normal = full_system(dates=30, rows=50, coefficient=10.0).system.solve(np.ones(50))
    assert normal.solve(np.zeros((29, 0))).shape == (30, 0)


def test_residuals_are_what_the_rows_read_beyond_the_unknowns(full_system):
    system = full_system(dates=20, rows=30, coefficient=1.0).system
    unknowns = np.random.default_rng(2).normal(size=(20, 2))
    expected = system.observed - (unknowns[system.second] - unknowns[system.first])
    left = residuals(system.first, system.second, system.observed, unknowns)
    np.testing.assert_allclose(left, expected)
    np.testing.assert_allclose(system.squared_residuals(unknowns), (expected**2).sum(axis=1))


def test_a_step_from_anywhere_by_the_normal_of_the_same_weights_is_exact(full_system):
    system = full_system(dates=80, rows=400, coefficient=100.0).system
    rng = np.random.default_rng(4)
    weight = rng.uniform(0.0, 1.0, 400)
    solution, normal = system.solve(weight)
    start = np.vstack([np.zeros((1, 2)), rng.normal(0.0, 50.0, (79, 2))])
    np.testing.assert_allclose(start + system.correction(normal, weight, start), solution, atol=1e-7)


def test_steps_by_the_normal_of_similar_weights_lead_to_the_solution(full_system):
    system = full_system(dates=80, rows=400, coefficient=100.0).system
    rng = np.random.default_rng(4)
    before = rng.uniform(0.5, 1.0, 400)
    after = before * rng.uniform(0.8, 1.0, 400)
    unknowns, normal = system.solve(before)
    expected, _ = system.solve(after)
    missing = [np.abs(unknowns - expected).max()]
    for _ in range(3):
        unknowns = unknowns + system.correction(normal, after, unknowns)
        missing.append(np.abs(unknowns - expected).max())
    assert all(later < 0.5 * sooner for sooner, later in pairwise(missing))


def test_chosen_rows_are_a_system_of_the_same_unknowns(full_system):
    system = full_system(dates=60, rows=300, coefficient=30.0).system
    chosen = np.random.default_rng(6).random(300) < 0.7
    expected, _ = system.solve(chosen.astype(float))
    np.testing.assert_allclose(system.rows(chosen).solve(np.ones(chosen.sum()))[0], expected, atol=1e-8)


def test_rows_are_judged_by_the_length_of_their_residuals_and_their_quality(full_system):
    system = full_system(dates=20, rows=30, coefficient=1.0).system
    rng = np.random.default_rng(2)
    unknowns, quality = rng.normal(size=(20, 2)), rng.uniform(0.1, 10.0, 30)
    precision = rng.uniform(0.5, 2.0, 30)
    squares = system.squared_residuals(unknowns) * precision
    judges = squares < np.sort(squares)[7]
    psi, weight = system.judged(unknowns, Jury(judges, precision, quality, 2, 0.0))
    assert 0 < np.count_nonzero(psi) < 30
    np.testing.assert_allclose(psi, biweight(squares, radial_scale(squares[judges])))
    np.testing.assert_allclose(weight, (quality * psi) ** 2)


def test_no_scale_of_residuals_is_below_the_smallest(full_system):
    system = full_system(dates=20, rows=30, coefficient=1.0).system
    unknowns, ones = np.random.default_rng(2).normal(size=(20, 2)), np.ones(30)
    psi, _ = system.judged(unknowns, Jury(ones > 0, ones, ones, 2, 1e4))
    np.testing.assert_allclose(psi, biweight(system.squared_residuals(unknowns), 1e4))
