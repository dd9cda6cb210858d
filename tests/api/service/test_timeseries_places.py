"""Several places, conditional requests and what is kept: the same series, computed once."""

import io
import json

import pytest
import xarray as xr

from service.cluster import Cluster
from workers import tasks
from workers.cubes import opened as kept
from workers.plan import CubeSource
from workers.velocity.sites import locate


@pytest.fixture
def solved(monkeypatch):
    """How many places each task solves."""
    sizes, call = [], Cluster.call

    async def counted(cluster, function, *arguments, **options):
        if function is tasks.solve_sites:
            sizes.append(len(arguments[0]))
        return await call(cluster, function, *arguments, **options)

    monkeypatch.setattr(Cluster, "call", counted)
    return sizes


@pytest.fixture(scope="module")
def steps(place, cube):
    """Places in neighbouring pixels of one chunk."""
    site = locate(kept.catalog(CubeSource(cubes=(cube,))), CubeSource().access, **place)
    towards = 120 if site.column % 10 < 5 else -120
    return [{"x": site.x + towards * k, "y": site.y, "crs": site.crs} for k in range(3)]


def lists(*places):
    return {
        name: ",".join(str(each[name]) for each in places) if name != "crs" else places[0]["crs"]
        for name in places[0]
    }


def test_several_places_are_the_single_ones_in_order(api, place, steps):
    alone = [api.get("/timeseries", params=step).json() for step in steps]
    whole = api.get("/timeseries", params=lists(*steps)).json()
    assert whole["type"] == "VelocityTimeSeriesCollection"
    for member, single in zip(whole["members"], alone, strict=True):
        assert single.pop("links")
        assert member == single
    assert len({member["id"] for member in whole["members"]}) == 3


def test_projected_coordinates_find_the_same_pixel(api, place, steps):
    by_degrees = api.get("/timeseries", params=place).json()
    projected = api.get("/timeseries", params=steps[0]).json()
    assert projected["cell"] == by_degrees["cell"] | {"offset_m": 0.0}
    assert projected["series"] == by_degrees["series"]
    assert projected["requested"].items() >= steps[0].items()


def test_places_of_one_chunk_are_solved_by_one_task(serve, solved, steps):
    with serve() as client:
        client.get("/timeseries", params=lists(*steps)).raise_for_status()
        assert solved == [3]
        client.get("/timeseries", params=lists(steps[2], steps[0])).raise_for_status()
        client.get("/timeseries", params=steps[1] | {"f": "netcdf"}).raise_for_status()
    assert solved == [3]


def test_an_answer_told_again_is_the_same(serve, steps):
    with serve() as client:
        for form in ("json", "csv", "parquet"):
            first, again = (client.get("/timeseries", params=steps[0] | {"f": form}) for _ in range(2))
            assert again.content == first.content
            told = [{**answer.headers} for answer in (first, again)]
            for headers in told:
                for name in ("date", "server-timing", "x-request-id"):
                    del headers[name]
            assert told[0] == told[1]


def test_the_tag_is_known_before_computing(serve, tasks_but, settings, place):
    named = settings.model_copy(update={"public_url": "https://ogive.example"})
    with serve(settings=named) as client:
        first = client.get("/timeseries", params=place)

    def never(*_):
        raise AssertionError("computed")

    with serve(settings=named, tasks=tasks_but(solve_sites=never)) as client:
        headers = {"If-None-Match": first.headers["etag"]}
        again = client.get("/timeseries", params=place, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert client.get("/timeseries", params=place | {"step": "P60D"}, headers=headers).status_code == 500


def test_every_option_has_a_tag_of_its_own(api, place):
    changes = [
        {},
        {"f": "csv"},
        {"orient": "records"},
        {"timeformat": "unixms"},
        {"variables": "v"},
        {"observations": True},
        {"level": 0.9},
        {"max_distance": 150},
    ]
    tags = [api.get("/timeseries", params=place | change).headers["etag"] for change in changes]
    assert len(set(tags)) == len(changes)
    usual = place | {"step": "P30D", "f": "json", "variables": " v ,v"}
    assert api.get("/timeseries", params=usual).headers["etag"] == tags[4]


def test_records_are_rows_with_times_in_milliseconds(api, place):
    whole = api.get("/timeseries", params=place).json()
    rows = api.get("/timeseries", params=place | {"orient": "records", "timeformat": "unixms"}).json()
    assert [row["v"] for row in rows] == whole["series"]["v"]
    assert all(row["start"] < row["time"] < row["end"] for row in rows)


def test_a_file_has_a_name(api, place):
    answer = api.get("/timeseries", params=place | {"f": "netcdf", "variables": "v"})
    assert answer.headers["content-disposition"].endswith('.nc"')
    with xr.open_dataset(io.BytesIO(answer.content), engine="h5netcdf") as found:
        assert set(found.data_vars) >= {"v"}
        assert "vx" not in found


def test_a_failed_member_is_a_problem_in_its_place(api, place):
    far = {"lon": -130, "lat": 60}
    answer = api.get("/timeseries", params=lists(place, far))
    members = answer.json()["members"]
    assert answer.status_code == 200
    assert members[0]["type"] == "VelocityTimeSeries"
    assert members[1]["type"].endswith("/problems/no-cube")
    assert members[1]["instance"] == "#/members/1"
    assert "max-age=3600" in answer.headers["cache-control"]
    both = api.get("/timeseries", params=lists(far, far)).json()
    assert [member["status"] for member in both["members"]] == [404, 404]


def test_no_place_is_no_question(api):
    answer = api.post("/timeseries", json={"type": "MultiPoint", "coordinates": []})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["loc"] == "body.coordinates"


def test_a_pixel_farther_than_allowed_is_none(api, place):
    answer = api.get("/timeseries", params=place)
    offset = answer.json()["cell"]["offset_m"]
    assert offset > 1
    refused = api.get("/timeseries", params=place | {"max_distance": offset / 2})
    assert refused.status_code == 404
    assert refused.json()["distance_m"] == pytest.approx(offset, abs=0.1)
    assert "max_distance" in refused.json()["detail"]


def test_a_place_just_outside_has_the_pixel_at_the_edge(api, cube):
    from workers.cubes.cube import open_cube
    from workers.cubes.reference import Access

    grid = open_cube(cube, Access()).grid
    _, y = grid.centre(3, 0)
    outside = {"x": grid.left - 60, "y": y, "crs": f"EPSG:{grid.epsg}"}
    cell = api.get("/timeseries", params=outside).json()["cell"]
    assert (cell["x"], cell["y"]) == grid.centre(3, 0)
    assert cell["offset_m"] == pytest.approx(120, abs=0.2)
    assert api.get("/timeseries", params=outside | {"max_distance": 100}).status_code == 404


def test_an_outage_of_all_places_is_one(serve, settings, tmp_path, place):
    away = settings.model_copy(update={"cubes": (str(tmp_path / "away.zarr"),)})
    with serve(settings=away) as client:
        answer = client.get("/timeseries", params=lists(place, place))
    assert answer.status_code == 503
    assert answer.headers["cache-control"] == "no-store"


def test_why_there_is_nothing_is_told_in_four_ways(serve, settings, place):
    public = {"cubes": (), "stac_url": "http://127.0.0.1:9", "catalog_url": "http://127.0.0.1:9/catalog.json"}
    with serve(settings=settings.model_copy(update=public)) as client:
        out = client.get("/timeseries", params=place)
    assert (out.status_code, out.json()["upstream"]) == (503, "stac")
    with serve() as client:
        nowhere = client.get("/timeseries", params={"lon": -130, "lat": 60})
        assert (nowhere.status_code, nowhere.json()["distance_m"] > 0) == (404, True)
        empty = client.get("/timeseries", params=place | {"pairs_datetime": "2015-01-01/2015-01-04"})
        assert (empty.status_code, empty.json()["quality"]["flags"]) == (200, ["no_data"])
        weak = client.get("/timeseries", params=place | {"step": "P5D"})
        assert weak.status_code == 200
        bit, series = weak.json()["quality"]["flag_bits"]["short_step"], weak.json()["series"]
        assert [bool(flags & bit) for flags in series["flags"]] == [v is not None for v in series["v"]]
        assert any(v is not None for v in series["v"])


def test_last_modified_is_that_of_the_cube(api, place):
    answer = api.get("/timeseries", params=place)
    moment = answer.json()["source"]["last_modified"]
    assert answer.headers["last-modified"].endswith("GMT") == (moment is not None)


def test_a_repeat_is_answered_from_memory(api, place):
    params = place | {"step": "P40D"}
    first, second = (api.get("/timeseries", params=params) for _ in range(2))
    assert first.content == second.content
    stages = dict(part.split(";dur=") for part in second.headers["server-timing"].split(", "))
    assert (stages["read"], stages["solve"]) == ("0.0", "0.0")


def test_too_late_is_there_for_the_next_who_asks(serve, solved, place):
    with serve() as client:
        late = client.get("/timeseries", params=place, headers={"Prefer": "wait=0"})
        assert late.status_code in (202, 504)
        answer = client.get("/timeseries", params=place, headers={"Prefer": "wait=60"})
        assert answer.status_code == 200
        assert answer.headers["preference-applied"] == "wait=60"
    assert solved == [1]
    assert json.loads(answer.content)["source"]["used"] > 20


def test_codings_have_tags_of_their_own_and_one_content(api, place):
    found = {
        coding: api.get("/timeseries", params=place, headers={"Accept-Encoding": coding})
        for coding in ("identity", "gzip", "br")
    }
    assert len({answer.headers["etag"] for answer in found.values()}) == 3
    assert len({answer.content for answer in found.values()}) == 1
    sizes = {coding: int(answer.headers["content-length"]) for coding, answer in found.items()}
    assert sizes["br"] < sizes["identity"] / 2
    had = {"If-None-Match": found["br"].headers["etag"]}
    assert api.get("/timeseries", params=place, headers=had).status_code == 304
