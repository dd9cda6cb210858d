"""A cube answers the same from a folder, from S3 and from a web server, with as few requests as it can."""

from __future__ import annotations

import socket
from collections import Counter

import h5netcdf
import numpy as np
import pytest
import zarr

from tests.contract.servers import BUCKET, HEIGHT, PAIRS, WIDTH, Sometimes, client
from workers.cubes.cube import open_cube
from workers.cubes.reference import Access
from workers.cubes.stores import TRIES
from workers.errors import ChunkUnreadable, SourceUnavailable

ONE_D = {
    *(f"acquisition_date_img{image}/0" for image in (1, 2)),
    *(f"{name}/0" for name in ("vx_error", "vy_error", "mission_img1", "satellite_img1")),
}


def test_every_store_gives_the_same_bytes(local, served):
    cube = open_cube(served.href, served.access)
    assert cube.fingerprint == local.fingerprint
    assert cube.grid == local.grid
    assert cube.last_modified == local.last_modified
    for name in ("day1", "day2", "error_x", "error_y", "sensor", "order"):
        assert getattr(cube.table(), name).tobytes() == getattr(local.table(), name).tobytes()
    window = (0, 0, HEIGHT, WIDTH)
    assert cube.read(*window).vx.tobytes() == local.read(*window).vx.tobytes()
    assert cube.read(*window).vy.tobytes() == local.read(*window).vy.tobytes()
    assert np.isfinite(local.read(*window).vx).any()


def test_requests_of_a_point(served):
    cube = open_cube(served.href, served.access)
    assert served.take() == Counter({("GET", ".zmetadata"): 1})
    cube.table()
    cube.table()
    assert served.take() == Counter({("GET", key): 1 for key in ONE_D})
    cube.read(4, 4, 3, 3)
    assert served.take() == Counter({("GET", f"{name}/0.0.0"): 1 for name in ("vx", "vy")})


def test_requests_of_a_block_with_its_halo(served):
    cube = open_cube(served.href, served.access)
    cube.table()
    served.take()
    cube.read(9, 9, 12, 12)
    cells = [f"{name}/0.{row}.{column}" for name in ("vx", "vy") for row in (0, 1, 2) for column in (0, 1, 2)]
    assert served.take() == Counter({("GET", cell): 1 for cell in cells})


def test_requests_of_a_chunk_row(served):
    cube = open_cube(served.href, served.access)
    cube.table()
    served.take()
    cube.read(10, 0, 10, WIDTH)
    cells = [f"{name}/0.1.{column}" for name in ("vx", "vy") for column in (0, 1, 2)]
    assert served.take() == Counter({("GET", cell): 1 for cell in cells})


def test_a_name_that_is_not_there(served):
    with pytest.raises(SourceUnavailable, match=r"There is no cube at .*other\.zarr") as caught:
        open_cube(served.href.replace("tile.zarr", "other.zarr"), served.access)
    assert caught.value.upstream == "source-zarr"


def test_zarr_3_needs_two_requests(folder, web_server, local):
    path = folder.parent / "three.zarr"
    old, new = zarr.open_group(folder, mode="r"), zarr.open_group(path, mode="w", zarr_format=3)
    new.attrs.update(old.attrs)
    for name in ("vx", "vy", "vx_error", "vy_error", "acquisition_date_img1", "acquisition_date_img2"):
        held = dict(old[name].attrs)
        dimensions = ["time" if each == "mid_date" else each for each in held.pop("_ARRAY_DIMENSIONS")]
        fill = {"fill_value": -32767} if name.startswith("v") else {}
        array = new.create_array(
            name, data=old[name][...], chunks=old[name].chunks, dimension_names=dimensions, **fill
        )
        array.attrs.update(held)
    new.create_array("mapping", shape=(), dtype="int8").attrs.update(dict(old["mapping"].attrs))
    zarr.consolidate_metadata(path)
    web_server.take()
    cube = open_cube(web_server.href.replace("tile", "three"), web_server.access)
    assert [key.rsplit("/", 1)[-1] for _, key in web_server.take()] == [".zmetadata", "zarr.json"]
    assert cube.read(4, 4, 3, 3).vx.tobytes() == local.read(4, 4, 3, 3).vx.tobytes()
    assert cube.table().sensors == ("?",)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_trouble_is_tried_again(web_server, local, status):
    web_server.fault = Sometimes(status, times=2, only="vx/")
    cube = open_cube(web_server.href, web_server.access)
    assert cube.read(0, 0, 2, 2).vx.tobytes() == local.read(0, 0, 2, 2).vx.tobytes()
    assert web_server.take()["GET", "vx/0.0.0"] == 3
    web_server.fault = lambda key: None


@pytest.mark.parametrize(("status", "tries"), [(500, TRIES), (403, 1)])
def test_lasting_trouble_is_told(web_server, status, tries):
    web_server.fault = Sometimes(status, times=99, only="vy/")
    cube = open_cube(web_server.href, web_server.access)
    with pytest.raises(SourceUnavailable, match=rf"vy/0\.0\.0.*{status}") as caught:
        cube.read(0, 0, 2, 2)
    assert caught.value.upstream == "source-zarr"
    assert web_server.take()["GET", "vy/0.0.0"] == tries
    web_server.fault = lambda key: None


def test_a_truncated_answer_is_named(web_server):
    web_server.fault = Sometimes(-1, times=99, only="vy/0.1.1")
    cube = open_cube(web_server.href, web_server.access)
    with pytest.raises(ChunkUnreadable, match="truncated or damaged") as caught:
        cube.read(0, 0, HEIGHT, WIDTH)
    assert caught.value.chunk == "tile/vy/0.1.1"
    web_server.fault = lambda key: None


@pytest.mark.parametrize("scheme", ["s3", "http"])
def test_a_server_that_does_not_answer(scheme):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{held.getsockname()[1]}"
    access = Access(endpoint_url=closed)
    with pytest.raises(SourceUnavailable, match="could not be read in 5 tries") as caught:
        open_cube("s3://velocity/tile.zarr" if scheme == "s3" else f"{closed}/tile.zarr", access)
    assert caught.value.upstream == "source-zarr"


def test_missing_objects_on_s3_are_missing_data(s3_server, local, folder):
    owner = client(s3_server.access.endpoint_url)
    owner.delete_object(Bucket=BUCKET, Key="tile.zarr/vx/0.2.2")
    try:
        block = open_cube(s3_server.href, s3_server.access).read(19, 19, 5, 4)
    finally:
        owner.upload_file(str(folder / "vx" / "0.2.2"), BUCKET, "tile.zarr/vx/0.2.2")
    assert np.isnan(block.vx[1:, 1:]).all()
    whole = local.read(19, 19, 5, 4)
    np.testing.assert_array_equal(block.vx[0], whole.vx[0])
    np.testing.assert_array_equal(block.vy, whole.vy)


def test_credentials_come_from_the_environment(s3_server, monkeypatch, local):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    signed = Access(anonymous=False, endpoint_url=s3_server.access.endpoint_url)
    assert open_cube(s3_server.href, signed).fingerprint == local.fingerprint


def test_netcdf_over_http(web_server, folder, local):
    layout = {"time": PAIRS, "y": HEIGHT, "x": WIDTH}
    old = zarr.open_group(folder, mode="r")
    with h5netcdf.File(folder.parent / "cut.nc", "w") as file:
        file.dimensions = layout
        for name in ("vx", "vy", "vx_error", "vy_error", "acquisition_date_img1", "acquisition_date_img2"):
            values, held = old[name][...], dict(old[name].attrs)
            held.pop("_ARRAY_DIMENSIONS")
            file.create_variable(name, tuple(layout)[: values.ndim], data=values).attrs.update(held)
        mapping = file.create_variable("mapping", (), data=np.int8(0))
        mapping.attrs.update({key: old["mapping"].attrs[key] for key in ("GeoTransform", "spatial_epsg")})
    cube = open_cube(web_server.href.replace("tile.zarr", "cut.nc"), web_server.access)
    assert cube.grid == local.grid
    assert cube.read(3, 3, 5, 5).vx.tobytes() == local.read(3, 3, 5, 5).vx.tobytes()
    with pytest.raises(SourceUnavailable, match="does not exist"):
        open_cube(web_server.href.replace("tile.zarr", "no.nc"), web_server.access)
