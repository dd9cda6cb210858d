"""What holds for every network, its weights held: checked on whatever networks hypothesis finds."""

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.linalg import lsmr

from workers.linear.bordered import Bordered
from workers.linear.differences import Differences
from workers.linear.penalty import accelerations, jumps, penalty_band


@dataclass
class System:
    """A least-squares problem with its weights, and the rows of its penalty."""

    differences: Differences
    weight: np.ndarray
    gamma: np.ndarray
    """(p - 2, 3), c Gamma"""

    def stacked(self) -> tuple[np.ndarray, np.ndarray]:
        """The system written out: (m + p - 2, p - 1) rows and their right-hand sides."""
        rows, dates = self.differences, self.differences.times.size
        matrix = np.zeros((rows.first.size + dates - 2, dates))
        root = np.sqrt(self.weight)
        matrix[np.arange(rows.first.size), rows.first] = -root
        matrix[np.arange(rows.first.size), rows.second] += root
        for k, row in enumerate(self.gamma):
            matrix[rows.first.size + k, k : k + 3] = row
        right = np.vstack([root[:, None] * rows.observed, np.zeros((dates - 2, 2))])
        return matrix[:, 1:], right


@st.composite
def systems(draw, joined=False):
    """Networks of 2 to 40 dates, days to years apart, some with more unknowns than rows, some in parts."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dates, rows = draw(st.integers(2, 40)), draw(st.integers(1, 80))
    longest = draw(st.sampled_from([1, 3, 40]))
    apart = rng.integers(1, draw(st.sampled_from([2, 20, 400])), dates - 1)
    times = np.concatenate([[0.0], np.cumsum(apart)])
    first = rng.integers(0, dates - 1, rows)
    second = np.minimum(first + rng.integers(1, longest + 1, rows), dates - 1)
    if joined:
        first, second = np.append(first, np.arange(dates - 1)), np.append(second, np.arange(1, dates))
    order = np.lexsort((second, first))
    first, second = first[order].astype(np.int32), second[order].astype(np.int32)
    observed = (times[second] - times[first])[:, None] * [2.0, -0.5] + rng.normal(0.0, 5.0, (first.size, 2))
    strength = draw(st.sampled_from([1.0, 30.0, 1000.0]))
    gamma = draw(st.sampled_from([jumps, accelerations]))(times) * strength
    penalty = penalty_band(gamma, 1.0, dates - 1)
    weight = rng.uniform(0.05, 1.0, first.size)
    return System(Differences(first, second, observed, times, penalty), weight, gamma)


@given(systems())
def test_banded_dense_and_iterative_solutions_are_one(system):
    matrix, right = system.stacked()
    found, _ = system.differences.solve(system.weight)
    dense = np.linalg.lstsq(matrix, right, rcond=None)[0]
    size = np.abs(dense).max()
    np.testing.assert_allclose(found[1:], dense, atol=1e-7 * size)
    for component in range(2):
        iterated = lsmr(matrix, right[:, component], atol=1e-14, btol=1e-14, conlim=0, maxiter=20_000)[0]
        np.testing.assert_allclose(found[1:, component], iterated, atol=1e-4 * size)


@given(systems(joined=True), st.integers(0, 1000))
def test_closed_networks_without_noise_are_recovered(system, seed):
    rows = system.differences
    truth = np.random.default_rng(seed).normal(0.0, 50.0, (rows.times.size, 2)).cumsum(axis=0)
    truth -= truth[0]
    closed = replace(
        rows, observed=truth[rows.second] - truth[rows.first], penalty=np.zeros_like(rows.penalty)
    )
    found, _ = closed.solve(system.weight)
    np.testing.assert_allclose(found, truth, atol=1e-8 * (1.0 + np.abs(truth).max()))


@given(systems(), st.sampled_from([0.25, 2.0, 1024.0, -1.0]))
def test_scaled_observations_have_the_scaled_solution_to_the_bit(system, factor):
    found, _ = system.differences.solve(system.weight)
    scaled = replace(system.differences, observed=factor * system.differences.observed)
    np.testing.assert_array_equal(scaled.solve(system.weight)[0], factor * found)


@given(systems(), st.integers(0, 79))
def test_a_row_stored_twice_is_a_row_of_twice_the_weight(system, number):
    rows = system.differences
    number %= rows.first.size
    twice = np.insert(np.arange(rows.first.size), number, number)
    doubled = system.weight.copy()
    doubled[number] *= 2.0
    expected, _ = rows.solve(doubled)
    stored = replace(rows, first=rows.first[twice], second=rows.second[twice], observed=rows.observed[twice])
    found, _ = stored.solve(system.weight[twice])
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max())


@given(systems(), st.integers(1, 4), st.integers(0, 1000))
def test_free_columns_cost_no_more_than_none(system, number, seed):
    """The fitted cost falls with every column that the penalty is freed from, and never rises."""
    rows = system.differences
    columns = np.random.default_rng(seed).normal(size=(rows.times.size, number)).cumsum(axis=0)
    columns -= columns[0]
    matrix, right = system.stacked()
    border = np.zeros((len(matrix), number))
    border[rows.first.size :] = -matrix[rows.first.size :] @ columns[1:]
    whole = np.hstack([matrix, border])
    best = np.linalg.lstsq(whole, right, rcond=None)[0]
    found, _ = Bordered(rows, columns).solve(system.weight)
    amplitudes = np.linalg.lstsq(border, right - matrix @ found[1:], rcond=None)[0]

    def cost(unknowns, amplitudes):
        return float(((matrix @ unknowns + border @ amplitudes - right) ** 2).sum())

    plain, _ = rows.solve(system.weight)
    least = cost(best[: len(found) - 1], best[len(found) - 1 :])
    assert cost(found[1:], amplitudes) <= least + 1e-6 * (right**2).sum()
    assert least <= cost(plain[1:], np.zeros((number, 2))) + 1e-6 * (right**2).sum()
