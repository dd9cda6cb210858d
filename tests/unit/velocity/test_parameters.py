import pytest
from pydantic import ValidationError

from workers.velocity.parameters import VelocityParameters


def message(**asked):
    with pytest.raises(ValidationError) as caught:
        VelocityParameters(**asked)
    return caught.value.errors()[0]["msg"]


def test_lists_are_told_in_one_way():
    chosen = VelocityParameters(sensors=" s2b, L8 ", filter="ZSCORE , median_angle", stride="P2W")
    assert (chosen.sensors, chosen.filter, chosen.stride) == ("L8,S2B", "zscore,median_angle", "P14D")
    assert VelocityParameters(filter="none").outlier_filters == ()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"filter": "median"}, "median_angle, zscore, vvc_choice, joined by commas; 'median' is not"),
        ({"filter": "none,zscore"}, "'none' is not"),
        ({"filter": "zscore,zscore"}, "repeats zscore"),
        ({"filter": ""}, "empty part"),
        ({"sensors": "L8,"}, "empty part"),
        ({"min_speed": 9, "max_speed": 3}, "min_speed 9 is above max_speed 3"),
        ({"min_baseline": 90, "max_baseline": 30}, "min_baseline 90 is above max_baseline 30"),
        ({"max_speed": float("inf")}, "finite"),
        ({"level": 0.4}, "greater than or equal to 0.5"),
        ({"stride": "P2Y"}, "P1D to P1Y"),
        ({"step": "P1M", "stride": "P30D"}, "give the stride in months"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_works(asked, told):
    assert told in message(**asked)


def test_a_fixed_step_may_start_with_every_month():
    windows = VelocityParameters(step="P30D", stride="P1M").windows(0, 365)
    assert [*windows.start[:3]] == [0, 31, 59]
    assert set(windows.end - windows.start) == {30}
