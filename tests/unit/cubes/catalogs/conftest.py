"""Ten tiles of five projections, and a STAC API that serves them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import shapely
import uvicorn
from fastapi import FastAPI, Request, Response

from workers.cubes.reference import CubeReference
from workers.cubes.tiles import Tiles, named_tile
from workers.regions import to_grid

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


@pytest.fixture(scope="session")
def places() -> list[tuple[int, int, int]]:
    """EPSG code and centre of each tile."""
    return PLACES


@pytest.fixture(scope="session")
def entry_of() -> Callable[..., dict]:
    """Makes the entry of a tile in the GeoJSON file."""
    return feature
