"""Cubes are found by place, in their own projection, and an outage is never an empty answer."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
import shapely
import uvicorn
from fastapi import FastAPI, Request, Response
from pyproj import Geod

from workers.cubes import stac_catalog
from workers.cubes.discovery import PublicCatalog, catalog_for
from workers.cubes.geojson_catalog import GeojsonCatalog
from workers.cubes.reference import Access, CubeReference
from workers.cubes.stac_catalog import StacCatalog
from workers.cubes.tiles import Tiles, named_tile, snapped
from workers.errors import InvalidRequest, SourceUnavailable
from workers.plan import CubeSource
from workers.regions import to_grid

ACCESS = Access()
FOLDER = "http://its-live-data.s3.amazonaws.com/datacubes/v2/N60W040"
PLACES = [
    (3413, -150_000, -2_250_000),
    (3413, -50_000, -2_250_000),
    (3413, -150_000, -2_350_000),
    (3413, -3_250_000, 150_000),
    (3413, 50_000, 50_000),
    (3413, -2_450_000, 2_350_000),
    (3031, -1_650_000, -450_000),
    (32607, 650_000, 6_750_000),
    (32608, 350_000, 6_750_000),
    (32760, 550_000, 4_250_000),
]


def name_of(epsg: int, x: int, y: int) -> str:
    return f"ITS_LIVE_vel_EPSG{epsg}_G0120_X{x}_Y{y}"


def feature(epsg: int, x: int, y: int, folder: str = FOLDER) -> dict:
    """An entry as the real file has it: straight lines in degrees between the corners."""
    corners = [(x - 50_000, y - 50_000), (x + 50_000, y - 50_000), (x + 50_000, y + 50_000)]
    corners += [(x - 50_000, y + 50_000), corners[0]]
    ring = [list(to_grid(epsg).transform(*corner, direction="INVERSE")) for corner in corners]
    return {
        "type": "Feature",
        "properties": {
            "geometry_epsg": {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]},
            "datacube_exist": 1,
            "zarr_url": f"{folder}/{name_of(epsg, x, y)}.zarr",
            "epsg": epsg,
        },
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


@pytest.fixture(scope="module")
def features() -> list[dict]:
    return [feature(*place) for place in PLACES]


@pytest.fixture(scope="module")
def tiles() -> Tiles:
    return Tiles(
        CubeReference(name_of(*place), f"s3://cubes/{name_of(*place)}.zarr", *named_tile(name_of(*place)))
        for place in PLACES
    )


class StacServer:
    """A small STAC API, as pgstac answers: POST /search with bbox, in pages."""

    def __init__(self, features: list[dict]) -> None:
        self.items = [self.item(each) for each in features]
        self.features, self.files = features, 0
        self.searches: list[dict] = []
        self.page = 2
        self.broken: Response | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"

    def item(self, feature: dict) -> dict:
        properties = feature["properties"]
        name = properties["zarr_url"].rsplit("/", 1)[1].removesuffix(".zarr")
        return {
            "type": "Feature",
            "stac_version": "1.0.0",
            "stac_extensions": [],
            "id": name,
            "collection": "itslive-cubes",
            "geometry": feature["geometry"],
            "bbox": list(shapely.geometry.shape(feature["geometry"]).bounds),
            "properties": {"datetime": "2023-09-25T00:00:00Z", "proj:code": f"EPSG:{properties['epsg']}"},
            "assets": {
                "zarr": {"href": properties["zarr_url"], "roles": ["data"]},
                "overview": {"href": "https://example.org/overview.png", "roles": ["overview"]},
            },
            "links": [],
        }

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def breaking(request: Request, call_next):
            return self.broken or await call_next(request)

        @app.get("/")
        def landing() -> dict:
            return {
                "type": "Catalog",
                "stac_version": "1.0.0",
                "id": "stac",
                "description": "Test",
                "conformsTo": [
                    "https://api.stacspec.org/v1.0.0/core",
                    "https://api.stacspec.org/v1.0.0/item-search",
                ],
                "links": [
                    {"rel": "self", "href": self.url, "type": "application/json"},
                    {
                        "rel": "search",
                        "href": f"{self.url}/search",
                        "method": "POST",
                        "type": "application/geo+json",
                    },
                ],
            }

        @app.get("/catalog.json")
        def file() -> dict:
            self.files += 1
            return {"type": "FeatureCollection", "features": self.features}

        @app.post("/search")
        async def search(request: Request) -> dict:
            body = await request.json()
            self.searches.append(body)
            assert body["collections"] == ["itslive-cubes"]
            west, south, east, north = body["bbox"]
            assert -180 <= west <= east <= 180
            box = shapely.box(west, south, east, north)
            found = [
                each
                for each in self.items
                if shapely.intersects(box, shapely.geometry.shape(each["geometry"]))
            ]
            first = body.get("token", 0)
            answer = {"type": "FeatureCollection", "links": [], "features": found[first : first + self.page]}
            for each in answer["features"]:
                each["links"] = [
                    {"rel": "self", "href": f"{self.url}/collections/itslive-cubes/items/{each['id']}"}
                ]
            if first + self.page < len(found):
                follow = {**body, "token": first + self.page}
                answer["links"] = [
                    {"rel": "next", "href": f"{self.url}/search", "method": "POST", "body": follow}
                ]
            return answer

        return app


@pytest.fixture(scope="module")
def running(features) -> Iterator[StacServer]:
    stac = StacServer(features)
    port = int(stac.url.rsplit(":", 1)[1])
    server = uvicorn.Server(uvicorn.Config(stac.app(), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield stac
    server.should_exit = True
    thread.join()


@pytest.fixture
def stac(running: StacServer) -> Iterator[StacServer]:
    running.searches.clear()
    yield running
    running.broken = None


@pytest.fixture
def file(features, tmp_path) -> str:
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return str(path)


@pytest.fixture
def closed() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def place(epsg: int, x: float, y: float) -> tuple[float, float]:
    return to_grid(epsg).transform(x, y, direction="INVERSE")


def names(references: list[CubeReference]) -> list[str]:
    return [each.id for each in references]


class TestTiles:
    def test_edges_are_those_of_the_lattice(self):
        assert snapped((7e5, 3.3e6, 8e5, 3.4e6)) == (700_072.5, 3_300_007.5, 800_032.5, 3_399_967.5)
        assert named_tile("jakobshavn_3x3") is None

    def test_neighbours_share_their_edges(self):
        _, here = named_tile(name_of(3413, -150_000, -2_250_000))
        _, east = named_tile(name_of(3413, -50_000, -2_250_000))
        _, south = named_tile(name_of(3413, -150_000, -2_350_000))
        assert here[2] == east[0]
        assert here[1] == south[3]

    def test_every_place_of_a_tile_is_in_it_and_in_one_of_its_crs(self, tiles):
        random = np.random.default_rng(5)
        for epsg, x, y in PLACES:
            xmin, ymin, xmax, ymax = named_tile(name_of(epsg, x, y))[1]
            for dx, dy in random.uniform(0.001, 0.999, (20, 2)):
                lon, lat = place(epsg, xmin + dx * (xmax - xmin), ymin + dy * (ymax - ymin))
                found = tiles.at_point(lon, lat)
                assert [each.id for each in found if each.epsg == epsg] == [name_of(epsg, x, y)]

    def test_where_zones_overlap_the_farthest_edge_wins(self, tiles):
        both = [name_of(32607, 650_000, 6_750_000), name_of(32608, 350_000, 6_750_000)]
        found = tiles.at_point(*place(32607, 650_000, 6_750_000))
        assert [name for name in names(found) if name in both] == both
        found = tiles.at_point(*place(32608, 350_000, 6_750_000))
        assert [name for name in names(found) if name in both] == both[::-1]

    def test_nothing_elsewhere(self, tiles):
        for lon, lat in [(0, 0), (10, 46), (-49, -69), (179.9, -10), (0, -90), (-138, -60.7)]:
            assert tiles.at_point(lon, lat) == []

    def test_the_pole_lies_in_the_tile_around_it(self, tiles):
        assert names(tiles.at_point(17, 90)) == []
        assert names(tiles.at_point(*place(3413, 50_000, 50_000))) == [name_of(3413, 50_000, 50_000)]

    @pytest.mark.parametrize("seed", range(4))
    def test_a_box_meets_the_cubes_that_hold_its_places(self, tiles, seed):
        random = np.random.default_rng(seed)
        for epsg, x, y in PLACES:
            lon, lat = place(epsg, x + random.uniform(-70_000, 70_000), y + random.uniform(-70_000, 70_000))
            size = random.uniform(0.01, 0.5)
            wide = size / np.cos(np.radians(lat))
            box = (max(lon - wide, -180), lat - size, min(lon + wide, 180), min(lat + size, 90))
            lons, lats = np.meshgrid(np.linspace(box[0], box[2], 60), np.linspace(box[1], box[3], 60))
            held = set()
            for code in {each[0] for each in PLACES}:
                xs, ys = to_grid(code).transform(lons.ravel(), lats.ravel())
                for place_ in PLACES:
                    if place_[0] == code:
                        xmin, ymin, xmax, ymax = named_tile(name_of(*place_))[1]
                        if ((xmin < xs) & (xs < xmax) & (ymin < ys) & (ys < ymax)).any():
                            held.add(name_of(*place_))
            assert held <= set(names(tiles.in_bbox(*box)))
            assert len(tiles.in_bbox(*box)) - len(held) <= 1

    def test_the_whole_globe_holds_all_and_a_bare_edge_none(self, tiles):
        assert len(tiles.in_bbox(-180, -90, 180, 90)) == len(PLACES)
        assert tiles.in_bbox(10, 40, 20, 50) == []

    def test_a_box_may_cross_the_antimeridian(self, tiles):
        lon, lat = place(3413, -2_450_000, 2_350_000)
        assert abs(lon) > 178
        assert names(tiles.in_bbox(179, lat - 0.1, -179, lat + 0.1)) == [name_of(3413, -2_450_000, 2_350_000)]
        assert names(tiles.in_bbox(179, lat - 0.1, 180, lat + 0.1)) == [name_of(3413, -2_450_000, 2_350_000)]

    def test_the_nearest_cube_and_its_distance(self, tiles):
        here = name_of(3413, -3_250_000, 150_000)
        xmin, ymin, _, ymax = named_tile(here)[1]
        lon, lat = place(3413, xmin - 5_000, (ymin + ymax) / 2)
        found, distance = tiles.nearest(lon, lat)
        assert found.id == here
        assert distance == pytest.approx(5_000 / 1.034, rel=0.02)
        found, distance = tiles.nearest(-60.0, -40.0)
        assert distance > 1e6
        assert Tiles([]).nearest(0, 0) is None
        inside, distance = tiles.nearest(*place(3413, -150_000, -2_250_000))
        assert (inside.id, round(distance, 3)) == (name_of(3413, -150_000, -2_250_000), 0)


class TestStac:
    def test_the_cube_of_a_place(self, stac):
        catalog = StacCatalog(stac.url, ACCESS)
        lon, lat = place(3413, -150_000, -2_250_000)
        (found,) = catalog.at_point(lon, lat)
        name = name_of(3413, -150_000, -2_250_000)
        assert found == CubeReference(
            name,
            f"s3://its-live-data/datacubes/v2/N60W040/{name}.zarr",
            *named_tile(name),
            f"{stac.url}/collections/itslive-cubes/items/{name}",
        )

    def test_places_that_the_outline_leaves_out_are_found(self, stac, tiles):
        catalog = StacCatalog(stac.url, ACCESS)
        random = np.random.default_rng(2)
        for epsg, x, y in PLACES:
            xmin, ymin, xmax, ymax = named_tile(name_of(epsg, x, y))[1]
            for side in range(4):
                along = random.uniform(0.3, 0.7)
                dx, dy = [(along, 1e-4), (along, 1 - 1e-4), (1e-4, along), (1 - 1e-4, along)][side]
                lon, lat = place(epsg, xmin + dx * (xmax - xmin), ymin + dy * (ymax - ymin))
                assert names(catalog.at_point(lon, lat)) == names(tiles.at_point(lon, lat))

    def test_pages_are_followed(self, stac, tiles):
        catalog = StacCatalog(stac.url, ACCESS)
        box = (-180, -90, 180, 90)
        assert names(catalog.in_bbox(*box)) == names(tiles.in_bbox(*box))
        assert len(stac.searches) == len(PLACES) / stac.page

    def test_no_cube_is_an_empty_answer(self, stac):
        catalog = StacCatalog(stac.url, ACCESS)
        assert catalog.at_point(10, 46) == []
        assert catalog.nearest(10, 46) is None
        found, distance = catalog.nearest(*place(32607, 650_000, 6_850_000))
        assert found.id.startswith("ITS_LIVE_vel_EPSG3260")
        assert 40_000 < distance < 60_000

    def test_the_last_version_of_a_tile_is_taken(self, stac):
        newer = stac.item(feature(*PLACES[0], folder=FOLDER.replace("/v2/", "/v2-updated-october2024/")))
        stac.items.insert(0, newer)
        try:
            (found,) = StacCatalog(stac.url, ACCESS).at_point(*place(*PLACES[0]))
        finally:
            stac.items.remove(newer)
        assert "v2-updated-october2024" in found.href

    def test_a_stated_place_goes_before_the_name(self, stac):
        entry = stac.item(feature(*PLACES[0]))
        entry["properties"]["proj:bbox"] = [-181_000, -2_281_000, -170_000, -2_270_000]
        entry["assets"]["zarr"]["href"] = "https://example.org/small.zarr/"
        stac.items.append(entry)
        try:
            found = StacCatalog(stac.url, ACCESS).at_point(*place(3413, -175_000, -2_275_000))
        finally:
            stac.items.remove(entry)
        assert {each.id: each.bounds for each in found}["small"] == (
            -181_000,
            -2_281_000,
            -170_000,
            -2_270_000,
        )

    def test_a_cube_without_a_stated_place_is_asked(self, stac, draft, tmp_path):
        entry = stac.item(feature(32607, 500_000, 6_700_000))
        entry["assets"]["zarr"]["href"] = draft.zarr(tmp_path / "unnamed.zarr")
        stac.items.append(entry)
        try:
            (found,) = StacCatalog(stac.url, ACCESS).at_point(*place(32607, 500_700, 6_699_000))
        finally:
            stac.items.remove(entry)
        assert found.bounds == (500_032.5, 6_698_407.5, 501_472.5, 6_699_967.5)

    @pytest.mark.parametrize(
        "broken",
        [
            Response("down", 500),
            Response("<html>", 200, media_type="text/html"),
            Response("{}", 200, media_type="application/json"),
            Response('{"type": "Feature', 200, media_type="application/json"),
            Response("[]", 200, media_type="application/json"),
            Response("no", 404),
        ],
    )
    def test_garbage_is_an_outage(self, stac, broken):
        at = place(*PLACES[0])
        stac.broken = broken
        with pytest.raises(SourceUnavailable, match=re.escape(stac.url)) as caught:
            StacCatalog(stac.url, ACCESS).at_point(*at)
        assert caught.value.upstream == "stac"
        stac.broken = None
        warm = StacCatalog(stac.url, ACCESS)
        assert warm.at_point(*at)
        stac.broken = broken
        with pytest.raises(SourceUnavailable, match=re.escape(stac.url)):
            warm.at_point(*at)

    def test_items_without_a_cube_are_an_outage(self, stac):
        kept = stac.items[0]["assets"]["zarr"]
        try:
            stac.items[0]["assets"]["zarr"] = {"href": "https://example.org/a.nc", "roles": ["data"]}
            with pytest.raises(SourceUnavailable, match="no asset with role data"):
                StacCatalog(stac.url, ACCESS).at_point(*place(*PLACES[0]))
        finally:
            stac.items[0]["assets"]["zarr"] = kept

    def test_a_closed_port_is_an_outage(self, closed):
        with pytest.raises(SourceUnavailable, match="did not answer"):
            StacCatalog(closed, ACCESS).at_point(0, 0)

    def test_a_silent_server_is_an_outage(self, monkeypatch):
        monkeypatch.setattr(stac_catalog, "TIMEOUT_S", 0.2)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            began = time.monotonic()
            with pytest.raises(SourceUnavailable, match="did not answer"):
                StacCatalog(url, ACCESS).at_point(0, 0)
        assert time.monotonic() - began < 5


class TestGeojson:
    def test_answers_as_the_tiles_do(self, file, tiles):
        catalog = GeojsonCatalog(file, ACCESS)
        for epsg, x, y in PLACES:
            assert names(catalog.at_point(*place(epsg, x, y))) == names(tiles.at_point(*place(epsg, x, y)))
        assert names(catalog.in_bbox(-180, -90, 180, 90)) == names(tiles.in_bbox(-180, -90, 180, 90))
        assert catalog.nearest(0, 0)[0].id == tiles.nearest(0, 0)[0].id

    def test_older_names_of_the_properties(self, tmp_path):
        entry = feature(*PLACES[0])
        held = entry["properties"]
        entry["properties"] = {
            "data_epsg": "EPSG:3413",
            "geometry_e": json.dumps(held["geometry_epsg"]),
            "datacube_e": 1,
            "zarr_url": held["zarr_url"],
        }
        gone = {"properties": {"datacube_e": 0, "zarr_url": ""}}
        bare = {"properties": {"zarr_url": feature(*PLACES[1])["properties"]["zarr_url"]}}
        path = tmp_path / "old.json"
        path.write_text(json.dumps({"features": [entry, gone, bare]}))
        catalog = GeojsonCatalog(str(path), ACCESS)
        for each in PLACES[:2]:
            (found,) = catalog.at_point(*place(*each))
            assert (found.epsg, found.bounds) == named_tile(name_of(*each))

    def test_addresses_suit_the_way_of_access(self, file):
        at = place(*PLACES[0])
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

    def test_the_file_is_fetched_once(self, stac, tiles):
        catalog = GeojsonCatalog(f"{stac.url}/catalog.json", ACCESS)
        for each in PLACES:
            assert names(catalog.at_point(*place(*each))) == names(tiles.at_point(*place(*each)))
        assert stac.files == 1

    def test_no_file_and_no_server(self, tmp_path, closed):
        for where in (str(tmp_path / "none.json"), f"{closed}/catalog.json"):
            with pytest.raises(SourceUnavailable, match="cannot be read"):
                GeojsonCatalog(where, ACCESS).nearest(0, 0)


class TestPublic:
    def test_the_api_is_asked_first_and_the_file_when_it_is_out(self, stac, file, tmp_path):
        source = CubeSource(stac_url=stac.url, catalog_url=file)
        catalog = catalog_for(source)
        at = place(*PLACES[0])
        assert catalog.at_point(*at)[0].item_href.startswith(stac.url)
        stac.broken = Response("down", 503)
        assert catalog.at_point(*at)[0].item_href is None
        stac.broken = None
        stac.searches.clear()
        assert names(catalog.in_bbox(-50, 69, -49, 69.5))
        assert stac.searches == []

    def test_the_api_is_asked_again_after_a_rest(self, stac, file, monkeypatch):
        monkeypatch.setattr(PublicCatalog, "REST_S", 0.0)
        catalog = catalog_for(CubeSource(stac_url=stac.url, catalog_url=file))
        stac.broken = Response("down", 503)
        assert catalog.nearest(*place(*PLACES[0]))[0].item_href is None
        stac.broken = None
        assert catalog.nearest(*place(*PLACES[0]))[0].item_href.startswith(stac.url)

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
