"""Real products, written by `workers.products`, behind the routes of catalog and store."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import Depends, FastAPI
from sqlalchemy import NullPool

from service import failures, migrations
from service.app import create_app
from service.catalog.store import Catalog
from service.database import connect
from service.dependencies import known_query
from service.observability.requests import Observed
from service.routes import catalog as catalog_routes
from service.routes import edr as edr_routes
from service.routes import files as file_routes
from service.routes import store as store_routes
from service.settings import Settings
from workers.calendar import day_of
from workers.cubes.grid import Grid
from workers.plan import ShardReceipt
from workers.products import documents, keys
from workers.products.collection import build_collection
from workers.products.item import build_item, save_item
from workers.products.manifest import Manifest
from workers.products.provenance import Provenance, Publication, Source
from workers.products.spec import ProductSpec, Variable
from workers.products.store import ProductStore
from workers.products.zarr_layout import SHARD, create, finalise, write_shard
from workers.windows import Step, Windows

COLLECTION = "ogive-velocity"
PUBLICATIONS = (Publication("10.5194/tc-19-4555-2025", "Charrier et al. (2025)"),)
VARIABLES = (
    Variable("vx", ("time", "y", "x"), "float32", "data", "velocity along x", "m/yr", "m year-1"),
    Variable("vvc", ("y", "x"), "float32", "auxiliary", "coherence", "1", "1"),
)
REQUEST = {"process": "velocity-cube", "inputs": {"step": "P30D"}}
CREATED = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


def collection_document() -> dict[str, Any]:
    """The collection of the products below."""
    return build_collection(
        COLLECTION,
        title="Ice velocity",
        description="Evenly sampled ice velocity.",
        keywords=["ice velocity"],
        providers=[{"name": "test", "roles": ["processor"], "processing:level": "L4"}],
        variables=VARIABLES,
        publications=PUBLICATIONS,
        start="1984-01-01T00:00:00Z",
        summaries={"gsd": [120]},
        links=[],
    )


def spec_of(number: int, epsg: int = 32607, left: float = 603000.0, top: float = 6742080.0) -> ProductSpec:
    """A product of 3 windows on 45 x 70 cells; each number is another year and lies 12 km further east."""
    year = 2000 + number % 25
    windows = Windows.select(Step.parse("P30D"), day_of(dt.date(year, 1, 1)), day_of(dt.date(year, 3, 20)))
    grid = Grid(epsg, left + 12_000 * number, top, 120.0, 45, 70)
    return ProductSpec(
        id=f"ogive_EPSG{epsg}_X{grid.left:.0f}_Y{grid.top:.0f}_{year}0101_{year}0320_P30D_v1_{number:08x}",
        collection=COLLECTION,
        title=f"Velocity {number}",
        summary="A product.",
        grid=grid,
        windows=windows,
        variables=VARIABLES,
        version="1",
        request_sha256=f"{number:064x}",
        attributes={"method": "test"},
    )


def values_of(spec: ProductSpec) -> dict[str, np.ndarray]:
    """Values of every variable; rows below 40 are all fill, so that some chunks do not exist."""
    draw = np.random.default_rng(spec.grid.height)
    vx = draw.normal(200, 30, spec.shape).astype("float32")
    vx[:, SHARD:] = np.nan
    return {"vx": vx, "vvc": np.where(np.isnan(vx[0]), np.nan, draw.random(spec.shape[1:])).astype("float32")}


def write_shards(store: ProductStore, spec: ProductSpec) -> list[ShardReceipt]:
    """Everything of a product that workers write before it is whole."""
    create(store, spec)
    values, receipts = values_of(spec), []
    for row in range(0, spec.grid.height, SHARD):
        for column in range(0, spec.grid.width, SHARD):
            window = np.s_[..., row : row + SHARD, column : column + SHARD]
            objects = write_shard(
                store, spec, row, column, {name: array[window] for name, array in values.items()}
            )
            receipts.append(ShardReceipt(shard=len(receipts), objects=objects, pixels={}, blocks={}))
    return receipts


def item_of(store: ProductStore, spec: ProductSpec, manifest: Manifest) -> dict[str, Any]:
    """The STAC item of a product."""
    provenance = Provenance(
        created=CREATED,
        facility="test",
        version="0.1.0",
        software={"ogive": "0.1.0"},
        lineage="drawn at random",
        expression={"format": "test", "expression": {}},
        sources=(Source("a cube", "https://cubes.example/cube.zarr", "application/vnd.zarr; version=2"),),
        publications=PUBLICATIONS,
    )
    return build_item(store, spec, manifest=manifest, request=REQUEST, provenance=provenance, properties={})


@dataclass(frozen=True)
class Workshop:
    """Makes products, and items of products that are only searched for."""

    store: ProductStore
    published: dict[int, dict[str, Any]] = field(default_factory=dict)

    def begin(self, number: int) -> str:
        """The id of a product whose shards are written and which is not whole."""
        spec = spec_of(number)
        write_shards(self.store, spec)
        return spec.id

    def publish(self, number: int) -> dict[str, Any]:
        """The item of a whole product."""
        if number not in self.published:
            spec = spec_of(number)
            documents.write(self.store, keys.request(spec.id), REQUEST)
            item = item_of(self.store, spec, finalise(self.store, spec, write_shards(self.store, spec)))
            save_item(self.store, item)
            self.published[number] = item
        return self.published[number]

    def values(self, number: int) -> dict[str, np.ndarray]:
        """The values of a product."""
        return values_of(spec_of(number))

    def item(self, number: int, **where: Any) -> dict[str, Any]:
        """An item without its product."""
        spec = spec_of(number, **where)
        return item_of(self.store, spec, Manifest(spec.id, {}))

    def catalog(self, database: str) -> Catalog:
        """A catalog whose connections do not outlive the event loop that a test runs in."""
        return Catalog(connect(database, poolclass=NullPool), [collection_document()])


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Products in a folder that all tests read."""
    return Workshop(ProductStore(str(tmp_path_factory.mktemp("store") / "products")))


@pytest.fixture
def catalog(database_url: str, workshop: Workshop) -> Catalog:
    """A catalog without items."""
    asyncio.run(migrations.upgrade(connect(database_url, poolclass=NullPool)))
    return workshop.catalog(database_url)


@asynccontextmanager
async def without_cluster(settings: Settings) -> AsyncIterator[None]:
    """Nothing here computes."""
    yield None


@pytest.fixture(scope="session")
def serving(workshop: Workshop):
    """The whole service behind a real server in a thread, with these items in its catalog; its address."""

    @contextmanager
    def start(folder: Path, items: list[dict[str, Any]]) -> Iterator[str]:
        settings = Settings(data=folder, products=workshop.store.url)

        async def fill() -> None:
            catalog = workshop.catalog(settings.database)
            await migrations.upgrade(connect(settings.database, poolclass=NullPool))
            for item in items:
                await catalog.add(item)

        asyncio.run(fill())
        listener = socket.create_server(("127.0.0.1", 0))
        app = create_app(settings, connect=without_cluster)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            base = f"http://127.0.0.1:{listener.getsockname()[1]}"
            assert httpx.get(f"{base}/collections", timeout=30).status_code == 200
            yield base
        finally:
            server.should_exit = True
            thread.join(30)

    return start


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def app(tmp_path: Path, workshop: Workshop, catalog: Catalog) -> FastAPI:
    """The routes of catalog and store, with the service's own refusals and problems."""
    app = FastAPI(dependencies=[Depends(known_query)])
    app.state.settings = Settings(data=tmp_path, products=workshop.store.url)
    app.state.catalog = catalog
    app.include_router(catalog_routes.router)
    app.include_router(edr_routes.router)
    app.include_router(file_routes.router)
    app.include_router(store_routes.router)
    failures.install(app)
    app.add_middleware(Observed)
    return app


@pytest.fixture
async def client(app: FastAPI, catalog: Catalog) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, whose catalog is ready."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://ogive.test") as client:
        yield client
