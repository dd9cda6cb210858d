"""When ice has accelerated: the newest window against the year before it."""

import datetime as dt
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.formats.series import document
from service.subscriptions.rule import accelerated, comparison
from workers.plan import CubeSource
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series

FIRST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def windows(speeds, days=30, half=10.0, flags=None):
    """The columns of a series of windows of one length, each with an interval of one width."""
    starts = [FIRST + dt.timedelta(days=days * n) for n in range(len(speeds))]
    ends = [start + dt.timedelta(days=days) for start in starts]
    middles = [start + dt.timedelta(days=days / 2) for start in starts]
    return {
        **{
            name: [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in moments]
            for name, moments in (("time", middles), ("start", starts), ("end", ends))
        },
        "v": speeds,
        "v_low": [None if v is None else v - half for v in speeds],
        "v_high": [None if v is None else v + half for v in speeds],
        "flags": flags or [0] * len(speeds),
    }


def test_the_newest_window_is_held_against_the_mean_of_the_year_before_it():
    series = windows([900.0] * 3 + [100.0] * 6 + [200.0] * 6 + [300.0])
    assert comparison(series) == {
        "time": series["time"][-1],
        "v": 300.0,
        "v_low": 290.0,
        "v_before": 150.0,
        "v_high_before": 160.0,
        "windows_before": 12,
        "percent": 100.0,
    }


@pytest.mark.parametrize(
    ("speed", "half", "percent", "told"),
    [
        (160.0, 10, 50, True),
        (150.0, 10, 50, False),
        (160.0, 40, 50, False),
        (160.0, 10, 70, False),
        (40, 1, 50, False),
    ],
    ids=["faster", "not by more", "intervals meet", "not that much", "slower"],
)
def test_more_than_so_much_faster_and_intervals_apart(speed, half, percent, told):
    assert accelerated(comparison(windows([100.0] * 12 + [speed], half=half)), percent) is told


def test_windows_without_data_count_neither_as_the_newest_nor_before_it():
    series = windows([100.0, 100.0, None] * 4 + [200.0, 500.0, None], flags=[0] * 13 + [16, 128])
    found = comparison(series)
    assert (found["v"], found["windows_before"]) == (200.0, 8)


@pytest.mark.parametrize(
    "series",
    [
        windows([]),
        windows([None] * 20),
        windows([100.0]),
        windows([100.0] * 6 + [None] * 6 + [900.0, None]),
        windows([0.0] * 12 + [5.0]),
        windows([100.0, 900.0], days=180),
    ],
    ids=["none", "no data", "one", "half a year is missing", "stands still", "less than half"],
)
def test_without_enough_to_compare_nothing_is_told(series):
    found = comparison(series)
    assert found is None
    assert not accelerated(found, 1)


@pytest.mark.parametrize("days", [1, 12, 30, 91, 183, 366])
def test_windows_of_any_length_up_to_a_year_can_be_compared(days):
    speeds = [100.0] * (800 // days) + [300.0]
    assert comparison(windows(speeds, days))["percent"] == 200.0


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e4, width=32)), max_size=40), st.integers(1, 400))
def test_any_series_has_an_answer(speeds, days):
    found = comparison(windows(speeds, days))
    assert found is None or found["windows_before"] > 0


@pytest.mark.real_data
@pytest.mark.skipif("OGIVE_TEST_DATA" not in os.environ, reason="OGIVE_TEST_DATA is not set")
@pytest.mark.parametrize(
    ("day", "faster", "told"),
    [("2019-07-15", True, True), ("2017-10-15", True, False), ("2022-05-15", False, False)],
    ids=["speeds up again", "noise", "slows down"],
)
def test_a_real_glacier_is_told_of_when_it_speeds_up_and_not_for_noise(day, faster, told):
    """Jakobshavn Isbrae as it would have been looked at that day, with the pairs that there were."""
    (cube,) = Path(os.environ["OGIVE_TEST_DATA"], "jakobshavn").glob("*_3x3.zarr")
    then = {"pairs_datetime": f"../{day}", "datetime": f"{int(day[:4]) - 2}{day[4:]}/{day}"}
    parameters = VelocityParameters(step="P30D", **then)
    series = document(point_series(CubeSource(cubes=(str(cube),)), -49.4604, 69.1117, parameters))["series"]
    found = comparison(series)
    assert (found["percent"] > 50) is faster
    assert accelerated(found, 50) is told
