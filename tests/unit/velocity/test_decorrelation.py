"""Long pairs that read too little, as a large majority: 5 000 pairs over ten years, 4 m of noise an image."""

import numpy as np
import pytest

from workers.scores.measures import rmse
from workers.velocity.series import Flag

LIKE = {"pairs": 5000, "years": 10, "dates": 360, "date_noise": 4.0, "pair_noise": 1.0, "blunders": 0.02}


def miss(made, **parameters):
    series, windows = made.pixel.invert(**parameters)
    inside = (series.quality_flag & Flag.edge) == 0
    return rmse(series.v[inside], made.speed(windows)[inside]), series


@pytest.mark.parametrize("share", [0.6, 0.8, 0.95])
def test_a_majority_of_pairs_over_half_a_year_costs_nothing(scenario, share):
    """Another package's RMSE: 22 m/yr up to 60 %, then 46 and 107; a median of short pairs: 29."""
    whole, _ = miss(scenario(**LIKE))
    lost, series = miss(scenario(**LIKE, decorrelated=share, decorrelated_beyond=180))
    print(f"{share:.0%} decorrelated: RMSE {lost:.1f} m/yr against {whole:.1f}")
    assert lost < 1.15 * whole
    assert (series.quality_flag & Flag.decorrelation_doubt == 0).all()


def test_most_pairs_over_two_months_leave_what_the_short_ones_tell(scenario):
    made = scenario(**LIKE, decorrelated=0.8)
    short, _ = miss(made, max_baseline=60)
    lost, _ = miss(made)
    print(f"RMSE {lost:.1f} m/yr, of the pairs up to 60 days alone {short:.1f}")
    assert lost < 1.1 * short


@pytest.mark.parametrize("weights", ["joint", "separate"])
def test_what_only_long_pairs_span_is_in_doubt(scenario, weights):
    made = scenario(**LIKE, decorrelated=0.8, decorrelated_beyond=180)
    table, gap = made.pixel.table, (17_900, 18_050)
    inside = (table.day1 < gap[1]) & (table.day2 > gap[0])
    kept = ~inside | ((table.day1 < gap[0]) & (table.day2 > gap[1]) & (table.day2 - table.day1 >= 180))
    made.pixel = made.pixel[np.flatnonzero(kept)]
    series, windows = made.pixel.invert(weights=weights)
    doubted = (series.quality_flag & Flag.decorrelation_doubt) > 0
    within = (windows.start >= gap[0]) & (windows.end <= gap[1])
    assert within.sum() >= 4
    assert doubted[within].all()
    assert not doubted[(windows.end < gap[0] - 30) | (windows.start > gap[1] + 30)].any()
    assert rmse(series.v[~doubted], made.speed(windows)[~doubted]) < 30.0
