"""Steps and windows: what is selected is the same whoever asks."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.calendar import Interval, date_of, day_of
from workers.errors import InvalidRequest
from workers.windows import Step, Windows

D = dt.date


def day(text):
    return day_of(D.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [("P30D", "P30D"), ("P2W", "P14D"), ("P1M", "P1M"), ("P12M", "P1Y"), ("P1Y", "P1Y")],
)
def test_step_is_canonical(text, canonical):
    assert Step.parse(text).text == canonical


@pytest.mark.parametrize(
    "text", ["P0D", "P4D", "P367D", "P2Y", "P13M", "-P30D", "30", "P1.5D", "P1M2D", "PT24H", ""]
)
def test_step_outside_its_range_is_refused(text):
    with pytest.raises(InvalidRequest, match="P5D to P1Y"):
        Step.parse(text)


@given(
    length=st.integers(5, 366),
    first=st.integers(-3000, 20_000),
    span=st.integers(400, 9000),
    shift=st.integers(0, 500),
)
def test_any_two_answers_share_windows(length, first, span, shift):
    step = Step.parse(f"P{length}D")
    one = Windows.select(step, first, first + span)
    other = Windows.select(step, first - shift, first + span + shift)
    assert (one.start % length == 0).all()
    assert set(one.start) <= set(other.start)
    assert one.start[0] <= first
    assert one.end[-1] >= first + span
    assert (one.start[1:] == one.end[:-1]).all()
    assert one.start[0] + length > first, "no window before the record"
    assert one.end[-1] - length < first + span, "no window after the record"


@given(first=st.integers(0, 20_000), span=st.integers(400, 5000), months=st.integers(1, 12))
def test_calendar_windows_start_on_the_first_of_a_month(first, span, months):
    windows = Windows.select(Step.parse(f"P{months}M"), first, first + span)
    assert all(date_of(start).day == 1 for start in windows.start)
    assert windows.start[0] <= first < windows.end[0]
    assert windows.start[-1] < first + span <= windows.end[-1]
    assert all(date_of(s).month % months == 1 % months for s in windows.start if 12 % months == 0)


def test_datetime_selects_windows_wholly_inside():
    first, last = day("2014-01-01"), day("2016-01-01")
    windows = Windows.select(Step.parse("P1M"), first, last, Interval.parse("2015-01-15/2015-04-30"))
    assert [str(date_of(s)) for s in windows.start] == ["2015-02-01", "2015-03-01", "2015-04-01"]
    one = Windows.select(Step.parse("P1M"), first, last, Interval.parse("2015-03-31T23:00:00Z"))
    assert [str(date_of(s)) for s in one.start] == ["2015-03-01"]


def test_no_window_and_too_long_a_step_are_told_with_the_record():
    first, last = day("2014-01-01"), day("2014-03-01")
    with pytest.raises(InvalidRequest, match=r"longer than the record.*2014-01-01 to 2014-03-01"):
        Windows.select(Step.parse("P1Y"), first, last)
    with pytest.raises(InvalidRequest, match="wholly inside") as caught:
        Windows.select(Step.parse("P30D"), first, last, Interval.parse("2020-01-01/2020-12-31"))
    assert caught.value.where == "datetime"


@given(
    length=st.integers(5, 366),
    stride=st.integers(1, 366),
    first=st.integers(-3000, 20_000),
    span=st.integers(400, 5000),
)
def test_windows_stand_on_the_lattice_of_their_stride(length, stride, first, span):
    windows = Windows.select(
        Step.parse(f"P{length}D"), first, first + span, stride=Step.parse_stride(f"P{stride}D")
    )
    assert (windows.start % stride == 0).all()
    assert (windows.end - windows.start == length).all()
    assert (np.diff(windows.start) == stride).all()
    assert windows.end[0] > first >= windows.end[0] - stride
    assert windows.start[-1] < first + span <= windows.start[-1] + stride


def test_calendar_windows_may_overlap():
    first, last = day("2014-01-10"), day("2015-01-10")
    windows = Windows.select(Step.parse("P3M"), first, last, stride=Step.parse_stride("P1M"))
    assert [str(date_of(s)) for s in windows.start[:2]] == ["2013-11-01", "2013-12-01"]
    assert [str(date_of(e)) for e in windows.end[:2]] == ["2014-02-01", "2014-03-01"]
    assert str(date_of(windows.start[-1])) == "2015-01-01"
    assert windows.spacing.text == "P1M"


def test_an_instant_selects_all_windows_that_hold_it():
    windows = Windows.select(
        Step.parse("P30D"), 0, 365, Interval.parse("1970-04-11"), Step.parse_stride("P10D")
    )
    assert [*windows.start] == [80, 90, 100]


def test_a_stride_that_passes_over_the_record_is_told():
    with pytest.raises(InvalidRequest, match="shorter stride") as caught:
        Windows.select(Step.parse("P5D"), 20, 90, stride=Step.parse_stride("P300D"))
    assert caught.value.where == "stride"
