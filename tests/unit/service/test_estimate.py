from dataclasses import fields

import pytest

from service.jobs.estimate import Costs, fit
from service.jobs.job import Job
from workers.costs import CostModel, effort


def job(pixels, layers, cpu_seconds, estimated=None, coefficient=100):
    known = {
        "request": {"inputs": {"coefficient": coefficient}},
        "pixels": pixels,
        "layers": layers,
        "cpu_seconds": cpu_seconds,
        "estimated_cpu_seconds": estimated,
    }
    return Job(**{field.name: None for field in fields(Job)} | known)


def by(model, sizes, noise=lambda k: 1.0):
    return [job(p, n, model.expected(p, [n]) * noise(k)) for k, (p, n) in enumerate(sizes)]


GIVEN = {"coefficient": 100}
SIZES = [(400, 1000), (1600, 20_000), (10_000, 5000), (100_000, 80_000), (900, 40_000), (5000, 200)] * 5


def test_without_jobs_the_model_is_that_of_the_release():
    assert fit([]).per_pixel == pytest.approx(CostModel().per_pixel)
    costs = Costs([], GIVEN)
    assert costs.median_error is None
    assert costs.spread == (0.5, 2.0)
    assert "measured for this release" in costs.sentence


def test_the_model_follows_the_jobs_that_ran():
    truth = CostModel(per_pixel=0.02, per_layer=1e-6)
    found = fit(by(truth, SIZES, lambda k: 1.1 if k % 2 else 0.9))
    for pixels, layers in SIZES[:6]:
        assert found.expected(pixels, [layers]) == pytest.approx(truth.expected(pixels, [layers]), rel=0.15)


def test_equal_jobs_scale_the_model_and_leave_its_shape():
    shipped = CostModel()
    found = fit(by(shipped.times(2), [(1000, 20_000)] * 20))
    assert found.expected(1000, [20_000]) == pytest.approx(2 * shipped.expected(1000, [20_000]), rel=0.05)
    assert found.expected(1000, [1000]) > shipped.expected(1000, [1000])


def test_coefficients_never_turn_negative():
    found = fit([job(1000, n, 1000 / n) for n in (10, 100, 1000, 10_000, 80_000)])
    assert found.per_pixel >= 0
    assert found.per_layer >= 0


def test_the_error_told_is_that_of_the_estimates_that_were_given():
    costs = Costs([job(100, 100, used, estimated=10.0) for used in (8.0, 10.0, 12.5, 16.0, 10.0)], GIVEN)
    assert costs.median_error == pytest.approx(0.2)
    low, high = costs.spread
    assert low < 1 < high < 1.6
    assert "refit on 5 jobs, median error 20%" in costs.sentence
    assert Costs([job(100, 100, 8.0, estimated=10.0)], GIVEN).median_error is None


def test_a_rule_that_chooses_the_coefficient_costs_more_and_is_not_mixed_up_with_a_given_one():
    truth = CostModel(per_pixel=0.01, per_layer=4e-7)
    jobs = [
        job(p, n, truth.expected(p, [n]) * effort(rule), coefficient=rule)
        for p, n in SIZES
        for rule in (100, "auto")
    ]
    assert effort("auto") > effort(100) == 1.0
    for inputs in ({"coefficient": "auto"}, {}, {"coefficient": {"value": "auto"}}):
        assert Costs(jobs, inputs).expected(1600, [20_000]) == pytest.approx(
            effort("auto") * truth.expected(1600, [20_000]), rel=0.05
        )
    assert Costs(jobs, GIVEN).expected(1600, [20_000]) == pytest.approx(
        truth.expected(1600, [20_000]), rel=0.05
    )
