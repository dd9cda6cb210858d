"""Intervals and moments: the same text means the same days to everybody."""

import datetime as dt

import numpy as np
import pytest

from workers.calendar import Interval, day_of, timestamp, timestamps
from workers.errors import InvalidRequest

D = dt.date


def day(text):
    return day_of(D.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2015-01-01/2015-12-31", day("2015-01-01"), day("2016-01-01")),
        ("2015-01-01T00:00:00Z/2015-12-31T00:00:00Z", day("2015-01-01"), day("2015-12-31")),
        ("2015-01-01T00:00:01Z/2015-12-31T23:59:59Z", day("2015-01-02"), day("2016-01-01")),
        ("2015-01-01T02:00:00+02:00/..", day("2015-01-01"), None),
        ("../2015-12-31", None, day("2016-01-01")),
        ("/2015-12-31", None, day("2016-01-01")),
    ],
)
def test_interval_reads_what_rfc3339_means(text, start, end):
    assert Interval.parse(text) == Interval(start, end)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2015-13-01/..", "not RFC 3339"),
        ("yesterday", "not RFC 3339"),
        ("2015-01-01T00:00:00/..", "time zone"),
        ("../..", "open on both sides"),
        ("2016-01-01/2015-01-01", "ends before it starts"),
        ("2015-01-01/2015-02-01/2015-03-01", "3 parts"),
    ],
)
def test_interval_says_what_is_wrong(text, reason):
    with pytest.raises(InvalidRequest, match=reason) as caught:
        Interval.parse(text, "pairs_datetime")
    assert caught.value.where == "pairs_datetime"


def test_timestamps_are_utc_to_the_half_day():
    assert timestamp(day("2015-01-16")) == "2015-01-16T00:00:00Z"
    assert timestamp(np.float64(day("2015-01-16")) + 0.5) == "2015-01-16T12:00:00Z"


def test_many_timestamps_are_those_of_each():
    anyhow = np.random.default_rng(1).normal(0, 2e4, 200)
    days = np.concatenate([np.arange(-800_000, 60_000, 997) / 2, anyhow])
    assert timestamps(days) == [timestamp(day) for day in days]
    assert timestamps(np.array([], np.int64)) == []
