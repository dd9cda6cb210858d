import numpy as np
import pytest

from workers.linear.bordered import Bordered


def written_out(full, columns, weight, right):
    """Unknowns of the whole system, amplitudes beside them, by orthogonal factorisation; and its inverse."""
    border = -full.gamma @ columns[1:]
    rows = np.sqrt(weight)[:, None] * full.rows
    stacked = np.block([[rows, np.zeros((len(rows), columns.shape[1]))], [full.gamma, border]])
    observed = np.vstack([np.sqrt(weight)[:, None] * right, np.zeros((len(border), right.shape[1]))])
    q, r = np.linalg.qr(stacked)
    size, inverse = full.rows.shape[1], np.linalg.inv(r)
    return (inverse @ (q.T @ observed))[:size], (inverse @ inverse.T)[:size, :size]


def cycles(times):
    phase = np.outer(times, [1 / 60.0, 1 / 25.0])
    return np.hstack([np.sin(phase), 1.0 - np.cos(phase)])


@pytest.mark.parametrize("coefficient", [1.0, 100.0, 1e4, 1e6])
def test_unknowns_and_responses_are_those_of_the_whole_system(full_system, coefficient):
    full = full_system(dates=120, rows=600, coefficient=coefficient)
    system, columns = full.system, cycles(full.system.times)
    weight = np.random.default_rng(3).uniform(0.0, 1.0, 600)
    expected, inverse = written_out(full, columns, weight, system.observed)
    found, normal = Bordered(system, columns).solve(weight)
    assert (found[0] == 0.0).all()
    assert np.abs(found[1:] - expected).max() < 1e-6 * np.abs(expected).max()
    functionals = np.random.default_rng(4).normal(size=(119, 20))
    response = normal.solve(functionals)
    assert (response[0] == 0.0).all()
    assert np.abs(response[1:] - inverse @ functionals).max() < 1e-5 * np.abs(inverse @ functionals).max()


def test_what_follows_the_columns_is_recovered_however_strong_the_pull(full_system):
    full = full_system(dates=100, rows=500, coefficient=1e6)
    system, columns = full.system, cycles(full.system.times)
    truth = columns @ np.array([[30.0, 5.0], [-7.0, 2.0], [4.0, 4.0], [0.0, -9.0]]) + system.times[:, None]
    system.observed[:] = truth[system.second] - truth[system.first]
    found, _ = Bordered(system, columns).solve(np.ones(500))
    np.testing.assert_allclose(found, truth, atol=1e-3)


def test_columns_that_nothing_settles_change_nothing(full_system):
    full = full_system(dates=60, rows=300, coefficient=50.0)
    system, weight = full.system, np.ones(300)
    straight = np.stack([system.times, np.zeros(60)], axis=1)
    plain, _ = system.solve(weight)
    found, _ = Bordered(system, straight).solve(weight)
    np.testing.assert_allclose(found, plain, rtol=1e-9, atol=1e-9)


def test_a_step_leads_from_anywhere_to_the_solution_of_new_weights(full_system):
    full = full_system(dates=60, rows=300, coefficient=100.0)
    system = Bordered(full.system, cycles(full.system.times))
    rng = np.random.default_rng(9)
    _, normal = system.solve(np.ones(300))
    weight, start = rng.uniform(0.0, 1.0, 300), np.vstack([np.zeros((1, 2)), rng.normal(size=(59, 2))])
    np.testing.assert_allclose(
        start + system.correction(normal, weight, start), system.solve(weight)[0], atol=1e-9
    )
