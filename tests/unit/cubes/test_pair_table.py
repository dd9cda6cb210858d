"""Dates, errors and sensors as cubes really hold them."""

import datetime as dt

import numpy as np
import pytest

from workers.calendar import day_of
from workers.cubes.cube import arrange
from workers.cubes.source import Variable
from workers.cubes.table import pair_table, sensor_codes, sensor_name
from workers.errors import CubeInvalid

DAYS = {"units": "days since 1970-01-01"}


def table(start, end, units=DAYS, errors=None, satellites=None, missing=()):
    start, end = np.asarray(start), np.asarray(end)
    errors = np.zeros((2, start.size), "f4") if errors is None else np.asarray(errors, "f4")
    stored = {
        "acquisition_date_img1": start,
        "acquisition_date_img2": end,
        "vx_error": errors[0],
        "vy_error": errors[1],
    }
    if satellites is not None:
        stored["satellite_img1"] = np.asarray(satellites)
    shape = start.shape
    variables = {
        name: Variable(
            name,
            ("time",),
            shape,
            shape,
            values.dtype,
            units if "date" in name else {},
            missing if "date" in name else (-32767.0,),
        )
        for name, values in stored.items()
    }
    return pair_table("c", variables, stored)


DATE = day_of(dt.date(2019, 12, 31))


@pytest.mark.parametrize(
    ("units", "since", "per_day", "dtype"),
    [
        ("days since 1970-01-01", dt.date(1970, 1, 1), 1, "f8"),
        ("days since 1900-01-01 00:00:00", dt.date(1900, 1, 1), 1, "i8"),
        ("hours since 2000-01-01", dt.date(2000, 1, 1), 24, "i4"),
        ("seconds since 1980-01-06", dt.date(1980, 1, 6), 86_400, "f8"),
        ("seconds since 1980-01-06T00:00:00Z", dt.date(1980, 1, 6), 86_400, "i8"),
        ("nanoseconds since 1970-01-01", dt.date(1970, 1, 1), 86_400 * 10**9, "i8"),
    ],
)
def test_every_unit_of_cf_time(units, since, per_day, dtype):
    count = (DATE - day_of(since)) * per_day
    made = table(np.array([count], dtype), np.array([count + 12 * per_day], dtype), {"units": units})
    assert (made.day1[0], made.day2[0]) == (DATE, DATE + 12)


def test_an_epoch_within_a_day_counts():
    made = table([0.0], [10.6], {"units": "days since 2015-01-01T18:00:00"})
    first = day_of(dt.date(2015, 1, 1))
    assert (made.day1[0], made.day2[0]) == (first, first + 11)


def test_native_moments():
    start = np.array(["2015-03-01T23:59:59", "NaT"], "M8[ns]")
    end = np.array(["2015-03-17T00:00:00", "2015-04-01"], "M8[ns]")
    made = table(start, end)
    assert made.day1.tolist() == [day_of(dt.date(2015, 3, 1))]
    assert made.day2.tolist() == [day_of(dt.date(2015, 3, 17))]


def test_the_time_of_day_is_floored_once():
    made = table([15_000.999_999, 15_000.0], [15_006.0, 15_006.999_999])
    assert made.day1.tolist() == [15_000, 15_000]
    assert made.day2.tolist() == [15_006, 15_006]


def test_swapped_dates_are_turned_round():
    made = table([15_676.8], [15_662.8])
    assert (made.day1[0], made.day2[0]) == (15_662, 15_676)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0.0, -32767.0, 1e20, 60_000.0])
def test_pairs_without_two_sound_dates_are_left_out(bad):
    made = table([15_000.0, bad, 15_100.0], [15_016.0, 15_116.0, bad])
    assert made.order.tolist() == [0]
    with pytest.raises(CubeInvalid, match="between 1972-07-23 and 2100-01-01"):
        table([bad], [15_000.0])


def test_a_stated_missing_date_is_no_date():
    assert table([15_000.0, 15_001.0], [15_016.0, 15_017.0], missing=(15_001.0,)).order.tolist() == [0]


def test_the_order_is_canonical():
    start = [15_010.2, 15_000.5, 15_000.1, 15_000.9, 15_000.3, 15_000.0]
    end = [15_020.0, 15_030.0, 15_020.0, 15_020.0, 15_020.0, 15_020.0]
    errors = [[1, 1, 5, -32767, 5, 5], [1, 1, 2, 1, 2, 2]]
    made = table(start, end, errors=errors, satellites=["8", "8", "9", "8", "8", "9"])
    assert made.order.tolist() == [4, 2, 5, 3, 1, 0]
    assert np.isnan(made.error_x[3])
    shuffled = np.random.default_rng(3).permutation(6)
    again = table(
        np.array(start)[shuffled],
        np.array(end)[shuffled],
        errors=np.array(errors)[:, shuffled],
        satellites=np.array(["8", "8", "9", "8", "8", "9"])[shuffled],
    )
    for name in ("day1", "day2", "error_x", "error_y", "sensor"):
        assert getattr(again, name).tobytes() == getattr(made, name).tobytes()


@pytest.mark.parametrize(
    ("mission", "satellite", "name"),
    [
        ("L", "8", "L8"),
        ("L", "8.", "L8"),
        ("L", "8.0", "L8"),
        (" l", " 9 ", "L9"),
        ("S", "1A", "S1A"),
        ("S", "2c", "S2C"),
        ("S", "1", "S1"),
        ("", "2B", "S2B"),
        ("", "7.0", "L7"),
        ("", "2", "?"),
        ("N", "A", "NA"),
        ("", "", "?"),
        ("L", "", "?"),
        ("L", "1A", "?"),
        ("X", "8", "?"),
        ("nan", "nan", "?"),
        ("*", "8", "?"),
    ],
)
def test_mission_and_satellite_as_one_name(mission, satellite, name):
    assert sensor_name(mission, satellite) == name


@pytest.mark.parametrize(
    "satellites",
    [
        np.array([8.0, np.nan, 9.0]),
        np.array([b"8.0", b"", b"9"]),
        np.array(["8.", "", "9"], object),
        np.array(["8", " ", "9.0"], np.dtypes.StringDType()),
    ],
)
def test_satellites_of_any_type(satellites):
    codes, names = sensor_codes(np.array(["L", "", "L"]), satellites, 3)
    assert [names[code] for code in codes] == ["L8", "?", "L9"]
    assert names == ("?", "L8", "L9")
    assert codes.dtype == np.uint8


def test_without_satellites_the_sensor_is_unknown():
    codes, names = sensor_codes(None, None, 4)
    assert names == ("?",)
    assert codes.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("dtype", ["i2", "f4"])
@pytest.mark.parametrize("shape", [(1000, 3, 4), (70_000, 1, 1), (5, 40, 50)])
def test_arranging_is_a_plain_transposition(dtype, shape):
    random = np.random.default_rng(1)
    stored = random.integers(-50, 50, shape).astype(dtype)
    order = random.permutation(shape[0])[: shape[0] - 2]
    variable = Variable("vx", (), shape, shape, stored.dtype, {}, (-7.0, 3.0))
    found = np.zeros((*shape[1:], order.size), np.float32)
    cut = shape[2] // 3
    for part in (slice(0, cut), slice(cut, None)):
        arrange(stored[..., part], order, variable, found, part.start)
    plain = np.moveaxis(stored[order], 0, -1).astype("f4")
    plain[(plain == -7) | (plain == 3)] = np.nan
    np.testing.assert_array_equal(found, plain)
