"""The GeoJSON file, given cubes, and the public catalogs together."""

from __future__ import annotations

import json

import numpy as np
import pytest
from fastapi import Response
from pyproj import Geod

from tests.unit.cubes.catalogs.naming import name_of, names, place
from workers.cubes.discovery import PublicCatalog, catalog_for
from workers.cubes.geojson_catalog import GeojsonCatalog
from workers.cubes.reference import Access
from workers.cubes.tiles import named_tile
from workers.errors import InvalidRequest, SourceUnavailable
from workers.plan import CubeSource

ACCESS = Access()


class TestGeojson:
    def test_answers_as_the_tiles_do(self, file, tiles, places):
        catalog = GeojsonCatalog(file, ACCESS)
        for epsg, x, y in places:
            assert names(catalog.at_point(*place(epsg, x, y))) == names(tiles.at_point(*place(epsg, x, y)))
        assert names(catalog.in_bbox(-180, -90, 180, 90)) == names(tiles.in_bbox(-180, -90, 180, 90))
        assert catalog.nearest(0, 0)[0].id == tiles.nearest(0, 0)[0].id

    def test_older_names_of_the_properties(self, tmp_path, places, entry_of):
        entry = entry_of(*places[0])
        held = entry["properties"]
        entry["properties"] = {
            "data_epsg": "EPSG:3413",
            "geometry_e": json.dumps(held["geometry_epsg"]),
            "datacube_e": 1,
            "zarr_url": held["zarr_url"],
        }
        gone = {"properties": {"datacube_e": 0, "zarr_url": ""}}
        bare = {"properties": {"zarr_url": entry_of(*places[1])["properties"]["zarr_url"]}}
        path = tmp_path / "old.json"
        path.write_text(json.dumps({"features": [entry, gone, bare]}))
        catalog = GeojsonCatalog(str(path), ACCESS)
        for each in places[:2]:
            (found,) = catalog.at_point(*place(*each))
            assert (found.epsg, found.bounds) == named_tile(name_of(*each))

    def test_addresses_suit_the_way_of_access(self, file, places):
        at = place(*places[0])
        (found,) = GeojsonCatalog(file, Access()).at_point(*at)
        assert found.href.startswith("s3://its-live-data/datacubes/v2/")
        (found,) = GeojsonCatalog(file, Access(endpoint_url="http://127.0.0.1:9")).at_point(*at)
        assert found.href.startswith("https://its-live-data.s3.amazonaws.com/datacubes/v2/")

    @pytest.mark.parametrize(
        "content", ["", "[]", '{"features": 3}', '{"features": [{}]}', '{"features": []}']
    )
    def test_garbage_is_an_outage(self, tmp_path, content):
        path = tmp_path / "bad.json"
        path.write_text(content)
        with pytest.raises(SourceUnavailable, match=r"bad\.json") as caught:
            GeojsonCatalog(str(path), ACCESS).at_point(0, 0)
        assert caught.value.upstream == "stac"

    def test_the_file_is_fetched_once(self, stac, tiles, places):
        catalog = GeojsonCatalog(f"{stac.url}/catalog.json", ACCESS)
        for each in places:
            assert names(catalog.at_point(*place(*each))) == names(tiles.at_point(*place(*each)))
        assert stac.files == 1

    def test_no_file_and_no_server(self, tmp_path, closed):
        for where in (str(tmp_path / "none.json"), f"{closed}/catalog.json"):
            with pytest.raises(SourceUnavailable, match="cannot be read"):
                GeojsonCatalog(where, ACCESS).nearest(0, 0)


class TestPublic:
    def test_the_api_is_asked_first_and_the_file_when_it_is_out(self, stac, file, tmp_path, places):
        source = CubeSource(stac_url=stac.url, catalog_url=file)
        catalog = catalog_for(source)
        at = place(*places[0])
        assert catalog.at_point(*at)[0].item_href.startswith(stac.url)
        stac.broken = Response("down", 503)
        assert catalog.at_point(*at)[0].item_href is None
        stac.broken = None
        stac.searches.clear()
        assert names(catalog.in_bbox(-50, 69, -49, 69.5))
        assert stac.searches == []

    def test_the_api_is_asked_again_after_a_rest(self, stac, file, monkeypatch, places):
        monkeypatch.setattr(PublicCatalog, "REST_S", 0.0)
        catalog = catalog_for(CubeSource(stac_url=stac.url, catalog_url=file))
        stac.broken = Response("down", 503)
        assert catalog.nearest(*place(*places[0]))[0].item_href is None
        stac.broken = None
        assert catalog.nearest(*place(*places[0]))[0].item_href.startswith(stac.url)

    def test_both_out_is_an_error_that_tells_of_both(self, closed, tmp_path):
        missing = str(tmp_path / "none.json")
        catalog = catalog_for(CubeSource(stac_url=closed, catalog_url=missing))
        for _ in range(2):
            with pytest.raises(SourceUnavailable) as caught:
                catalog.at_point(0, 0)
            assert caught.value.upstream == "stac"
            assert closed in caught.value.message
            assert missing in caught.value.message


class TestGiven:
    def test_given_cubes_answer_by_themselves(self, draft, tmp_path):
        first = draft.zarr(tmp_path / "one.zarr")
        second = draft.netcdf(tmp_path / "two.nc")
        catalog = catalog_for(CubeSource(cubes=(second, first)))
        at = place(32607, 500_500, 6_699_500)
        assert names(catalog.at_point(*at)) == ["one", "two"]
        assert [each.href for each in catalog.at_point(*at)] == [first, second]
        assert names(catalog.in_bbox(*at, at[0] + 1e-4, at[1] + 1e-4)) == ["one", "two"]
        assert catalog.at_point(0, 0) == []
        assert catalog.nearest(*place(32607, 500_500, 6_700_967.5))[1] == pytest.approx(1000, rel=0.01)

    def test_two_of_one_name_are_refused(self, tmp_path):
        hrefs = (str(tmp_path / "a" / "cube.zarr"), "s3://bucket/cube.zarr/")
        with pytest.raises(InvalidRequest, match="both called cube"):
            catalog_for(CubeSource(cubes=hrefs))

    def test_one_that_is_missing_is_told_and_looked_for_again(self, draft, tmp_path):
        catalog = catalog_for(CubeSource(cubes=(str(tmp_path / "late.zarr"),)))
        with pytest.raises(SourceUnavailable, match=r"late\.zarr"):
            catalog.at_point(0, 0)
        draft.zarr(tmp_path / "late.zarr")
        assert names(catalog.at_point(*place(32607, 500_500, 6_699_500))) == ["late"]


@pytest.fixture(scope="module", params=["catalog_v02.json", "catalog_v2-updated-october2024_stripped.json"])
def catalog(request, real_data) -> GeojsonCatalog:
    return GeojsonCatalog(str(real_data / "catalogs" / request.param), ACCESS)


@pytest.mark.real_data
class TestRealCatalogs:
    def test_all_cubes_are_there(self, catalog):
        found = catalog.in_bbox(-180, -90, 180, 90)
        assert len(found) == 3086
        assert all(each.href.startswith("s3://its-live-data/datacubes/v2") for each in found)
        assert {each.id: (each.epsg, each.bounds) for each in found} == {
            each.id: named_tile(each.id) for each in found
        }

    @pytest.mark.parametrize(
        ("lon", "lat", "name"),
        [
            (-49.4604, 69.1117, "ITS_LIVE_vel_EPSG3413_G0120_X-150000_Y-2250000"),
            (-138.9, 60.75, "ITS_LIVE_vel_EPSG3413_G0120_X-3250000_Y250000"),
            (86.9, 27.98, "ITS_LIVE_vel_EPSG32645_G0120_X450000_Y3050000"),
            (170.2, -43.5, "ITS_LIVE_vel_EPSG32759_G0120_X450000_Y5150000"),
        ],
    )
    def test_known_glaciers(self, catalog, lon, lat, name):
        assert name in names(catalog.at_point(lon, lat))

    def test_cubes_that_hold_a_place_are_near_it(self, catalog):
        random = np.random.default_rng(11)
        for lon, lat in zip(random.uniform(-180, 180, 200), random.uniform(-90, 90, 200), strict=True):
            for each in catalog.at_point(lon, lat):
                xmin, ymin, xmax, ymax = each.bounds
                middle = place(each.epsg, (xmin + xmax) / 2, (ymin + ymax) / 2)
                assert tiles_apart((lon, lat), middle) < 75_000

    def test_a_small_box_is_in_the_cubes_of_its_middle(self, catalog):
        random = np.random.default_rng(12)
        for each in random.choice(np.array(catalog.in_bbox(-180, -90, 180, 90), object), 40):
            xmin, ymin, xmax, ymax = each.bounds
            lon, lat = place(each.epsg, random.uniform(xmin, xmax), random.uniform(ymin, ymax))
            box = (lon - 1e-5, lat - 1e-5, lon + 1e-5, lat + 1e-5)
            assert set(names(catalog.at_point(lon, lat))) == set(names(catalog.in_bbox(*box)))


def tiles_apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return Geod(ellps="WGS84").inv(*a, *b)[2]
