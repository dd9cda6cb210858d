"""The STAC API finds the cubes of a place, and an outage of it is never an empty answer."""

from __future__ import annotations

import re
import socket
import time

import numpy as np
import pytest
from fastapi import Response

from tests.unit.cubes.catalogs.naming import name_of, names, place
from workers.cubes import stac_catalog
from workers.cubes.reference import Access, CubeReference
from workers.cubes.stac_catalog import StacCatalog
from workers.cubes.tiles import named_tile
from workers.errors import SourceUnavailable

ACCESS = Access()
FOLDER = "http://its-live-data.s3.amazonaws.com/datacubes/v2/N60W040"


def test_the_cube_of_a_place(stac):
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


def test_places_that_the_outline_leaves_out_are_found(stac, tiles, places):
    catalog = StacCatalog(stac.url, ACCESS)
    random = np.random.default_rng(2)
    for epsg, x, y in places:
        xmin, ymin, xmax, ymax = named_tile(name_of(epsg, x, y))[1]
        for side in range(4):
            along = random.uniform(0.3, 0.7)
            dx, dy = [(along, 1e-4), (along, 1 - 1e-4), (1e-4, along), (1 - 1e-4, along)][side]
            lon, lat = place(epsg, xmin + dx * (xmax - xmin), ymin + dy * (ymax - ymin))
            assert names(catalog.at_point(lon, lat)) == names(tiles.at_point(lon, lat))


def test_pages_are_followed(stac, tiles, places):
    catalog = StacCatalog(stac.url, ACCESS)
    box = (-180, -90, 180, 90)
    assert names(catalog.in_bbox(*box)) == names(tiles.in_bbox(*box))
    assert len(stac.searches) == len(places) / stac.page


def test_no_cube_is_an_empty_answer(stac):
    catalog = StacCatalog(stac.url, ACCESS)
    assert catalog.at_point(10, 46) == []
    assert catalog.nearest(10, 46) is None
    found, distance = catalog.nearest(*place(32607, 650_000, 6_850_000))
    assert found.id.startswith("ITS_LIVE_vel_EPSG3260")
    assert 40_000 < distance < 60_000


def test_the_last_version_of_a_tile_is_taken(stac, places, entry_of):
    newer = stac.item(entry_of(*places[0], folder=FOLDER.replace("/v2/", "/v2-updated-october2024/")))
    stac.items.insert(0, newer)
    try:
        (found,) = StacCatalog(stac.url, ACCESS).at_point(*place(*places[0]))
    finally:
        stac.items.remove(newer)
    assert "v2-updated-october2024" in found.href


def test_a_stated_place_goes_before_the_name(stac, places, entry_of):
    entry = stac.item(entry_of(*places[0]))
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


def test_a_cube_without_a_stated_place_is_asked(stac, draft, tmp_path, entry_of):
    entry = stac.item(entry_of(32607, 500_000, 6_700_000))
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
def test_garbage_is_an_outage(stac, broken, places):
    at = place(*places[0])
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


def test_items_without_a_cube_are_an_outage(stac, places):
    kept = stac.items[0]["assets"]["zarr"]
    try:
        stac.items[0]["assets"]["zarr"] = {"href": "https://example.org/a.nc", "roles": ["data"]}
        with pytest.raises(SourceUnavailable, match="no asset with role data"):
            StacCatalog(stac.url, ACCESS).at_point(*place(*places[0]))
    finally:
        stac.items[0]["assets"]["zarr"] = kept


def test_a_closed_port_is_an_outage(closed):
    with pytest.raises(SourceUnavailable, match="did not answer"):
        StacCatalog(closed, ACCESS).at_point(0, 0)


def test_a_silent_server_is_an_outage(monkeypatch):
    monkeypatch.setattr(stac_catalog, "TIMEOUT_S", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(SourceUnavailable, match="did not answer"):
            StacCatalog(url, ACCESS).at_point(0, 0)
    assert time.monotonic() - began < 5
