"""Tables of references: every column they may have, and every way to get one wrong told by row and name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workers.axes import GroundAxes
from workers.errors import InvalidRequest
from workers.scores.stations import read_stations

PLACE = (-139.0, 60.7)
TURNED = GroundAxes(east=(0.0, -1.0), north=(1.0, 0.0), scale=1.25)


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "gnss.csv"
        path.write_text(text)
        return str(path)

    return write


def test_days_and_speeds_of_one_station(written):
    (station,) = read_stations(
        written("# m/yr\nDate, V ,note\n2016-01-02T13:00:00Z,120.5,b\n2016-01-01,100,a\n2016-01-03,,\n"),
        PLACE,
    )
    assert (station.name, station.lon, station.lat) == ("", *PLACE)
    assert station.start.tolist() == [16801.0, 16802.0]
    assert station.end.tolist() == [16802.0, 16803.0]
    assert station.velocity.tolist() == [[100.0], [120.5]]
    told = station.references(TURNED, "ground")
    assert told.speed.tolist() == [100.0, 120.5]
    assert np.isnan(told.vector).all()
    assert np.isnan(told.error).all()


def test_spans_have_times_of_day_and_zones(written):
    (station,) = read_stations(
        written("start,end,v\n2016-01-01T12:00:00Z,2016-01-02T00:00:00+02:00,9\n"), PLACE
    )
    assert (station.start[0], station.end[0]) == pytest.approx((16801.5, 16801 + 22 / 24))


def test_east_and_north_are_turned_to_the_axes_and_keep_their_length(written):
    (station,) = read_stations(written("date,ve,vn,ve_error,vn_error\n2016-01-01,30,40,1,2\n"), PLACE)
    for lengths in ("ground", "map"):
        told = station.references(TURNED, lengths)
        assert told.vector.tolist() == [[40.0, -30.0]]
        assert told.speed.tolist() == [50.0]
        assert told.error[0] == pytest.approx(np.hypot(30 * 1, 40 * 2) / 50)


def test_lengths_of_a_map_are_brought_to_the_ground(written):
    (station,) = read_stations(written("date,vx,vy,vx_error,vy_error\n2016-01-01,30,40,5,5\n"), PLACE)
    assert station.references(TURNED, "ground").vector.tolist() == [[30.0, 40.0]]
    told = station.references(TURNED, "map")
    assert told.vector.tolist() == [[24.0, 32.0]]
    assert told.speed.tolist() == [40.0]
    assert told.error.tolist() == [4.0]


def test_stations_keep_their_order_and_the_middle_of_their_way(tmp_path):
    table = pd.DataFrame(
        {
            "station": ["U", "L", "U", "U"],
            "lon": [-139.0, -138.9, -139.001, -139.002],
            "lat": [60.7, 60.6, 60.7, 60.7],
            "date": pd.to_datetime(["2016-01-03", "2016-01-01", "2016-01-01", "2016-01-02"]),
            "v": [3.0, 9.0, 1.0, 2.0],
        }
    )
    table.to_parquet(tmp_path / "gnss.parquet")
    upper, lower = read_stations(str(tmp_path / "gnss.parquet"), None)
    assert (upper.name, upper.lon, upper.lat) == ("U", -139.001, 60.7)
    assert upper.velocity[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert (lower.name, lower.lon, len(lower.start)) == ("L", -138.9, 1)


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("date,speed\n2016-01-01,1\n", PLACE, "has the columns date, speed; a table needs dates"),
        ("start,v\n2016-01-01,1\n", PLACE, "a table needs dates"),
        ("date,v\n2016-01-01,1\n", None, "no columns lon and lat"),
        ("date,v\n", PLACE, "holds no row with a velocity"),
        ("date,v\n2016-01-01,\n", PLACE, "holds no row with a velocity"),
        ("date,v\n2016-01-01,1\n1 May,2\n", PLACE, "Row 2 of .* has date 1 May; write it in ISO 8601"),
        ("date,v\n2016-01-01,fast\n", PLACE, "Row 1 of .* has v fast; it is no number"),
        ("start,end,v\n2016-01-02,2016-01-02,1\n", PLACE, "Row 1 of .* ends no later than it starts"),
        ("date,v,station\n2016-01-01,1,a\n2016-01-01,1,b\n", PLACE, "has several stations"),
        ("date,v,lon,lat\n2016-01-01,1,0,0\n2016-01-02,1,0,1\n", None, "up to 55.3 km from their middle"),
        ("date,v,lon,lat\n2016-01-01,1,0,100\n", None, "no degrees of the globe"),
        ("date,v,lon,lat\n2016-01-01,1,,60\n", None, "lon or lat that is missing"),
        ("", PLACE, "cannot be read as a table: No columns"),
        ('a,b\n"1,2\n', PLACE, "cannot be read as a table"),
    ],
)
def test_a_table_that_is_none_says_what_it_lacks(written, text, place, reason):
    with pytest.raises(InvalidRequest, match=reason) as caught:
        read_stations(written(text), place)
    assert caught.value.where == "table"


def test_a_file_that_is_not_there_or_no_parquet_is_told(tmp_path):
    with pytest.raises(InvalidRequest, match=r"There is no file \S+nothing\.csv"):
        read_stations(str(tmp_path / "nothing.csv"), PLACE)
    (tmp_path / "text.parquet").write_text("date,v\n")
    with pytest.raises(InvalidRequest, match=r"text\.parquet cannot be read as a table"):
        read_stations(str(tmp_path / "text.parquet"), PLACE)
