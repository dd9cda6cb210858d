"""pgstac beside the catalog: what other STAC tools find there is what this service publishes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service import database
from service.catalog import pgstac
from service.catalog.pgstac import Pgstac
from service.catalog.store import Catalog
from workers.errors import StoreNotWritable
from workers.products.store import ProductStore

pytestmark = pytest.mark.anyio
BEFORE, EAST, BAD = (f"ogive_EPSG32607_X{n}_Y6742080_20150101_20241231_P30D_v1_{n:08x}" for n in (1, 2, 3))
PRODUCTS = ProductStore("s3://ogive/products", {"key": "k", "secret": "s"})
COLLECTION = {
    "type": "Collection",
    "stac_version": "1.1.0",
    "id": "ogive-velocity",
    "description": "Velocities.",
    "license": "CC-BY-4.0",
    "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
    "links": [],
}


def item(name: str, west: float = -139.1, title: str = "A product") -> dict[str, Any]:
    ring = [[west, 60.7], [west + 0.2, 60.7], [west + 0.2, 60.8], [west, 60.8], [west, 60.7]]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [],
        "id": name,
        "collection": "ogive-velocity",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, 60.7, west + 0.2, 60.8],
        "properties": {
            "datetime": None,
            "start_datetime": "2015-01-01T00:00:00Z",
            "end_datetime": "2024-12-31T00:00:00Z",
            "title": title,
        },
        "links": [{"rel": "self", "href": "./item.json"}, {"rel": "store", "href": f"./{name}.zarr"}],
        "assets": {"zarr": {"href": f"./{name}.zarr", "roles": ["data"]}},
    }


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def install(engine) -> None:
    """Make pgstac in a database, as its operator would."""
    url = engine.url
    variables = {
        "PGHOST": url.host,
        "PGPORT": str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
    }
    program = Path(sys.executable).parent / "pypgstac"
    made = subprocess.run(
        [program, "migrate"],
        env=os.environ | variables | {"PGDATABASE": url.database},
        capture_output=True,
        text=True,
        check=False,
    )
    if "postgis" in made.stderr and "is not available" in made.stderr:
        pytest.skip("needs PostGIS: apt-get install postgresql-15-postgis-3")
    assert made.returncode == 0, made.stderr


async def found(engine, **search: Any) -> dict[str, dict[str, Any]]:
    """What another tool finds: the items of a search in pgstac, by id."""
    async with engine.begin() as connection:
        await connection.execute(sa.text("SET LOCAL search_path TO pgstac, public"))
        query = sa.text("SELECT CAST(pgstac.search(CAST(:search AS jsonb)) AS text)")
        answer = json.loads(await connection.scalar(query, {"search": json.dumps(search)}))
    return {feature["id"]: feature for feature in answer["features"]}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_other_tools_find_in_pgstac_what_is_published(engine) -> None:
    before = Catalog(engine, [COLLECTION])
    await before.add(item(BEFORE))
    assert await pgstac.find(engine, [COLLECTION], PRODUCTS) is None
    install(engine)
    catalog = Catalog(engine, [COLLECTION], await pgstac.find(engine, [COLLECTION], PRODUCTS))
    await catalog.add(item(EAST, west=10.0))
    assert list(await found(engine, bbox=[9, 60, 11, 61])) == [EAST]
    assert await found(engine) == {
        one["id"]: one for one in (await found(engine, ids=[BEFORE, EAST])).values()
    }
    one = (await found(engine))[BEFORE]
    assert one["assets"]["zarr"]["href"].startswith("s3://ogive/products/")
    assert one["assets"]["zarr"]["href"].endswith(f"/{BEFORE}.zarr")
    assert [link["rel"] for link in one["links"]] == ["store"]
    await catalog.add(item(BEFORE, title="Another title"))
    assert (await found(engine))[BEFORE]["properties"]["title"] == "Another title"
    await catalog.remove(BEFORE)
    assert set(await found(engine)) == {EAST}
    # What pgstac refuses is published nowhere.
    another = [COLLECTION, COLLECTION | {"id": "not-in-pgstac"}]
    with pytest.raises(sa.exc.DBAPIError):
        await Catalog(engine, another, Pgstac(PRODUCTS)).add(item(BAD) | {"collection": "not-in-pgstac"})
    assert not await catalog.holds(BAD)
    # Another role of the same database may read and write the catalog, but not pgstac.
    async with engine.begin() as connection:
        await connection.execute(sa.text("CREATE ROLE reader LOGIN PASSWORD 'r'"))
        await connection.execute(sa.text("GRANT ALL ON ALL TABLES IN SCHEMA public TO reader"))
        await connection.execute(sa.text("GRANT USAGE ON SCHEMA pgstac TO reader"))
    other = database.connect(engine.url.set(username="reader", password="r").render_as_string(False))
    with pytest.raises(StoreNotWritable, match=r"permission denied.*pgstac_ingest"):
        await pgstac.find(other, [COLLECTION], PRODUCTS)
    await other.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_sqlite_has_no_pgstac(engine) -> None:
    assert await pgstac.find(engine, [COLLECTION], PRODUCTS) is None
