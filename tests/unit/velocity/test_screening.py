import numpy as np
import pytest

from workers.cubes.pairs import PairTable
from workers.errors import InvalidRequest
from workers.velocity.parameters import VelocityParameters
from workers.velocity.screening import PASSED, REASONS, check_sensors, screening
from workers.velocity.selection import select_pairs


def table_of(*pairs, sensors=("L8", "S1A")):
    """Pairs as (day1, day2, error_x, error_y, place of the sensor)."""
    day1, day2, error_x, error_y, sensor = zip(*pairs, strict=True)
    return PairTable(
        np.array(day1, np.int32),
        np.array(day2, np.int32),
        np.array(error_x, np.float32),
        np.array(error_y, np.float32),
        np.array(sensor, np.uint8),
        sensors,
        np.arange(len(pairs)),
    )


TABLE = table_of(
    (0, 20, 1, 1, 0), (5, 5, 1, 1, 0), (10, 16, 1, 9, 0), (12, 400, 1, 1, 1), (20, 50, np.nan, 1, 1)
)


def verdicts(**parameters):
    reason = screening(TABLE, VelocityParameters(**parameters)).reason
    return [None if code == PASSED else REASONS[code] for code in reason]


def test_only_pairs_of_one_day_are_refused_where_nothing_is_asked_for():
    assert verdicts() == [None, "baseline", None, None, None]
    assert screening(TABLE, VelocityParameters()).reported == {"saturation", "dates", "baseline"}


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"pairs_datetime": "1970-01-06/1970-02-19"}, {0: "dates", 1: "baseline", 3: "dates", 4: "dates"}),
        ({"min_baseline": 7}, {1: "baseline", 2: "baseline"}),
        ({"min_baseline": 6, "max_baseline": 29}, {1: "baseline", 3: "baseline", 4: "baseline"}),
        ({"sensors": "s1a"}, {0: "sensors", 1: "baseline", 2: "sensors"}),
        ({"max_error": 8.0}, {1: "baseline", 2: "error", 4: "error"}),
    ],
)
def test_a_pair_is_refused_by_the_first_filter_that_it_fails(asked, refused):
    assert verdicts(**asked) == [refused.get(k) for k in range(5)]


def test_counts_are_told_in_order_and_only_for_filters_that_hold():
    vx = np.array([100, 100, 100, 32767, 20], np.float32)
    chosen = VelocityParameters(sensors="L8,S1A", max_error=8.0, min_speed=30.0, filter="zscore,median_angle")
    selected = select_pairs(TABLE, vx, np.zeros(5, np.float32), chosen)
    assert list(selected.rejected.items()) == [
        ("saturation", 1),
        ("dates", 0),
        ("baseline", 1),
        ("sensors", 0),
        ("error", 2),
        ("speed", 0),
        ("zscore", 0),
        ("median_angle", 0),
    ]
    assert list(selected.rows) == [0]


def test_without_a_filter_outliers_stay(scenario):
    given = scenario(pairs=300, pair_noise=1.0).pixel
    given.vx[:20] *= -1
    given.vy[:20] *= -1
    assert given.select().rejected["median_angle"] > 15
    free = given.select(filter="none")
    assert list(free.rejected) == ["saturation", "dates", "baseline"]
    assert len(free) == 300


def test_filters_judge_what_those_before_them_left(scenario):
    given = scenario(pairs=300, pair_noise=1.0).pixel
    given.vx[:100] *= -1
    given.vy[:100] *= -1
    alone, after = given.select(filter="zscore"), given.select(filter="median_angle,zscore")
    assert after.rejected["median_angle"] == 100
    assert after.rejected["zscore"] != alone.rejected["zscore"]


def test_a_sensor_that_is_not_there_is_told_with_those_that_are():
    other = table_of((0, 9, 1, 1, 0), sensors=("S2B",))
    check_sensors(VelocityParameters(sensors="S2B,L8"), [TABLE, other])
    with pytest.raises(InvalidRequest, match=r"sensor L9; those of the cube are L8, S1A, S2B") as caught:
        check_sensors(VelocityParameters(sensors="L8,L9"), [TABLE, other])
    assert caught.value.where == "sensors"
