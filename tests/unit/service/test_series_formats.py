import csv
import io
import json

import numpy as np
import pytest
import xarray as xr
from covjson_pydantic.coverage import Coverage, CoverageCollection
from pyarrow import BufferReader, parquet

from service.formats import FORMATS
from service.formats.series import collection, document
from service.formats.shape import TIMES, VARIABLES, rows, shaped

PROBLEM = {"type": "/problems/no-cube", "title": "No cube here", "status": 404, "detail": "Too far away."}


@pytest.fixture
def one(make_point):
    return document(make_point())


@pytest.fixture
def several(make_point):
    """Two series, the second ten days later, and a failed member between them."""
    return collection(
        [document(make_point()), PROBLEM, document(make_point(v=(5.0, 6.0, 7.0), lon=-49.4, first=16_440))]
    )


@pytest.mark.parametrize("name", FORMATS)
def test_equal_documents_give_equal_bytes(one, several, name):
    write = FORMATS[name].write
    assert write(one) == write(one)
    assert write(several) == write(json.loads(json.dumps(several)))


@pytest.mark.parametrize("name", FORMATS)
def test_a_collection_of_nothing_but_problems_is_written_too(name):
    assert FORMATS[name].write(collection([PROBLEM]))


def test_variables_keep_their_order_and_the_times(one):
    member = shaped(one, ("v", "count"), "iso8601")
    assert list(member["series"]) == list(member["series_units"]) == [*TIMES, "v", "count"]
    assert one["series"].keys() >= set(VARIABLES)


def test_milliseconds_stand_for_the_same_moments(one):
    member = shaped(one, VARIABLES, "unixms")
    assert member["series_units"]["time"] == "unixms"
    moments = np.array(member["series"]["start"], "datetime64[ms]").astype(str)
    assert [f"{text[:19]}Z" for text in moments] == one["series"]["start"]
    assert one["series_units"]["time"] == "iso8601"


def test_rows_are_the_columns_turned_over(one, several):
    found = rows(one)
    assert [row["v"] for row in found] == one["series"]["v"]
    assert list(found[0]) == list(one["series"])
    places = [(row["member"], row["lon"]) for row in rows(several)]
    assert places == [(0, -49.5)] * 3 + [(2, -49.4)] * 3


def test_csv_of_several_places_tells_member_and_problem(several):
    text = FORMATS["csv"].write(several).decode()
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert "# member 1: No cube here: Too far away." in comments
    table = list(csv.DictReader(io.StringIO("\n".join(text.splitlines()[len(comments) :]))))
    assert [row["member"] for row in table] == ["0"] * 3 + ["2"] * 3
    assert [row["v"] for row in table[3:]] == ["5.0", "6.0", "7.0"]


def test_netcdf_is_a_cf_time_series(one):
    with xr.open_dataset(io.BytesIO(FORMATS["netcdf"].write(one)), engine="h5netcdf") as found:
        assert found.attrs["featureType"] == "timeSeries"
        assert found["station_id"].attrs["cf_role"] == "timeseries_id"
        assert found["vx"].attrs["standard_name"] == "land_ice_surface_x_velocity"
        assert found["vx"].attrs["units"] == "m year-1"
        assert found["time"].values.astype("datetime64[s]").astype(str).tolist() == [
            text.removesuffix("Z") for text in one["series"]["time"]
        ]
        assert np.array_equal(found["v"].values[0], np.array(one["series"]["v"], np.float32), equal_nan=True)
        assert found["quality_flag"].values[0].tolist() == one["series"]["flags"]
        assert found["lon"].values.tolist() == [-49.5]


def test_netcdf_puts_several_series_on_one_time_axis(several):
    with xr.open_dataset(io.BytesIO(FORMATS["netcdf"].write(several)), engine="h5netcdf") as found:
        assert found.sizes == {"station": 2, "time": 4, "bnds": 2}
        assert np.isnan(found["v"].values[1, 0])
        assert found["v"].values[1, 1:].tolist() == [5.0, 6.0, 7.0]
        assert found["quality_flag"].values[1, 0] == 128


def test_parquet_reads_back_with_its_document(one, several):
    table = parquet.read_table(BufferReader(FORMATS["parquet"].write(one)))
    assert table.column_names == list(one["series"])
    assert table["v"].to_pylist()[2] is None
    assert np.float32(table["v"].to_pylist()[0]) == np.float32(148.2)
    assert str(table.schema.field("time").type) == "timestamp[ms, tz=UTC]"
    about = json.loads(table.schema.metadata[b"ogive"])
    assert about["id"] == one["id"]
    assert "series" not in about
    table = parquet.read_table(BufferReader(FORMATS["parquet"].write(several)))
    assert table["member"].to_pylist() == [0, 0, 0, 2, 2, 2]
    assert json.loads(table.schema.metadata[b"ogive"])["members"][1] == PROBLEM


def test_coveragejson_is_a_point_series(one):
    text = FORMATS["covjson"].write(one)
    found = json.loads(text)
    Coverage.model_validate_json(text)
    assert (found["type"], found["domain"]["domainType"]) == ("Coverage", "PointSeries")
    assert found["domain"]["axes"]["t"]["values"] == one["series"]["time"]
    assert found["ranges"]["v"]["values"] == one["series"]["v"]
    assert found["ranges"]["flags"]["dataType"] == "integer"
    assert found["parameters"]["v"]["unit"]["symbol"]["value"] == "m/a"


def test_coveragejson_of_several_places_is_a_collection(several):
    text = FORMATS["covjson"].write(several)
    found = json.loads(text)
    CoverageCollection.model_validate_json(text)
    assert (found["type"], found["domainType"]) == ("CoverageCollection", "PointSeries")
    assert [each["domain"]["axes"]["x"]["values"] for each in found["coverages"]] == [[-49.5], [-49.4]]
    assert found["problems"] == [PROBLEM]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_takes_a_choice_of_variables(one, name):
    assert FORMATS[name].write(shaped(one, ("vx", "flags"), "iso8601"))
