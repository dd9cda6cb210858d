"""Which pairs may judge the others."""

import numpy as np

from workers.velocity import trust
from workers.velocity.network import network_of


def network(pixel, *sets):
    """Pairs given as (starts, baseline)."""
    day1 = np.concatenate([starts for starts, _ in sets])
    day2 = np.concatenate([starts + baseline for starts, baseline in sets])
    return network_of(pixel(day1, day2, 100.0, 50.0).select())


def trusted_baseline(made):
    return trust.trusted_baseline(made, trust.Reach.of(made))


def test_the_shortest_pairs_are_trusted_where_they_suffice(pixel):
    days = np.arange(0, 1000, 10)
    assert trusted_baseline(network(pixel, (days, 20), (days, 50), (days, 150), (days, 300))) == 60


def test_too_few_short_pairs_leave_the_judgement_to_longer_ones(pixel):
    days = np.arange(0, 1000, 10)
    assert trusted_baseline(network(pixel, (days[::5], 20), (days, 70), (days, 80), (days, 300))) == 90


def test_short_pairs_that_leave_much_time_unspanned_do_not_suffice(pixel):
    days = np.arange(0, 1000, 10)
    early = days[days < 500]
    lasting = network(pixel, *((early, baseline) for baseline in (20, 30, 40, 50)), (days, 170))
    assert trusted_baseline(lasting) == 180


def test_annual_pairs_alone_leave_the_usual_limit(pixel):
    assert trusted_baseline(network(pixel, (np.arange(0, 800, 10), 365))) == 180


def test_longer_pairs_help_out_where_no_shorter_one_reaches(pixel):
    days = np.arange(0, 200, 10)
    made = network(pixel, (days, 20), (days + 280, 20), (np.array([150]), 170), (days[:4], 300))
    reference = trust.reference(made, trust.Reach.of(made), 60)
    baseline = made.baseline
    assert reference[baseline == 20].all()
    assert reference[baseline == 170].all()
    assert not reference[baseline == 300].any()
