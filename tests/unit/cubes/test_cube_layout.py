"""A cube that cannot be inverted says what it lacks, in a sentence."""

import json

import numpy as np
import pytest
from pyproj import CRS

from workers.cubes.cube import open_cube
from workers.cubes.grid import Grid
from workers.cubes.reference import Access
from workers.errors import CubeInvalid

ACCESS = Access()
GRID = Grid(32607, 500_032.5, 6_699_967.5, 120.0, 13, 12)


def remove(name):
    return lambda draft: draft.variables.pop(name)


def attribute(variable, **changes):
    def change(draft):
        held = draft.variables[variable].attributes
        for key, value in changes.items():
            held[key] = value
            if value is None:
                del held[key]

    return change


def cut_layers(draft):
    draft.variables["vx_error"].values = draft.variables["vx_error"].values[:-1]


def flatten(draft):
    for name in ("vx", "vy"):
        stored = draft.variables[name]
        stored.dimensions, stored.values, stored.chunks = ("y", "x"), stored.values[0], (5, 5)


def turn(draft):
    stored = draft.variables["vy"]
    stored.dimensions = ("y", "x", "mid_date")


def several(*changes):
    return lambda draft: [change(draft) for change in changes]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (remove("vx"), r"lacks vx; an inversion needs vx, vy, acquisition_date_img1"),
        (
            several(remove("vy"), remove("acquisition_date_img2"), remove("vy_error")),
            "lacks vy, acquisition_date_img2, vy_error;",
        ),
        (flatten, r"dimensions \(y, x\) and shape \(13, 12\); a cube of image pairs has \(time, y, x\)"),
        (turn, r"vy of cube c has dimensions \(y, x, mid_date\)"),
        (cut_layers, r"vx_error of cube c has shape \(56,\)"),
        (attribute("vy", units="m/day"), "vy of cube c is in m/day; meter/year is needed"),
        (attribute("vx", units=None), "in no stated unit"),
        (attribute("vx", missing_value=None), "states no missing value"),
        (attribute("vx", scale_factor=0.5), "packed with"),
        (attribute("mapping", GeoTransform="1 2 3"), "six numbers"),
        (attribute("mapping", GeoTransform="500032.5 120 5 6699967.5 0 -120"), "north-up grid of square"),
        (attribute("mapping", GeoTransform="500032.5 120 0 6699967.5 0 -240"), "north-up grid of square"),
        (attribute("mapping", GeoTransform="500632.5 120 0 6699967.5 0 -120"), r"x runs from 500092 to"),
        (
            several(
                attribute("mapping", spatial_epsg=None), lambda draft: draft.attributes.pop("projection")
            ),
            "states neither spatial_epsg nor crs_wkt",
        ),
        (attribute("mapping", spatial_epsg=99_999), "not understood"),
        (attribute("mapping", spatial_epsg=32608), "grid mapping says EPSG:32608.*projection says 32607"),
        (attribute("vx", grid_mapping="elsewhere"), "no grid mapping: elsewhere is absent"),
        (attribute("acquisition_date_img1", units="days"), "CF time is needed"),
        (attribute("acquisition_date_img1", units="fortnights since 1970-01-01"), "CF time is needed"),
        (attribute("acquisition_date_img2", calendar="360_day"), "CF time is needed"),
    ],
)
def test_what_is_wrong_is_said(draft, tmp_path, change, sentence):
    change(draft)
    with pytest.raises(CubeInvalid, match=sentence):
        open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS).table()


def test_degrees_are_no_metres(draft, tmp_path):
    draft.attributes.pop("projection")
    draft.variables["mapping"].attributes["spatial_epsg"] = 4326
    with pytest.raises(CubeInvalid, match="EPSG:4326 of cube c is not in metres"):
        open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)


def test_the_crs_may_come_from_wkt_or_the_projection(draft, tmp_path):
    held = draft.variables["mapping"].attributes
    del held["spatial_epsg"]
    assert open_cube(draft.zarr(tmp_path / "a.zarr"), ACCESS).grid == GRID
    held["crs_wkt"] = CRS.from_epsg(32607).to_wkt("WKT1_GDAL")
    assert open_cube(draft.zarr(tmp_path / "b.zarr"), ACCESS).grid == GRID


@pytest.mark.parametrize("name", ["UTM_Projection", "Polar_Stereographic"])
def test_the_grid_mapping_has_the_name_that_vx_gives(draft, tmp_path, name):
    draft.variables[name] = draft.variables.pop("mapping")
    for each in ("vx", "vy"):
        del draft.variables[each].attributes["grid_mapping"]
    assert open_cube(draft.zarr(tmp_path / "a.zarr"), ACCESS).grid == GRID
    draft.variables["crs"] = draft.variables.pop(name)
    for each in ("vx", "vy"):
        draft.variables[each].attributes["grid_mapping"] = "crs"
    assert open_cube(draft.zarr(tmp_path / "b.zarr"), ACCESS).grid == GRID


def test_without_a_geotransform_x_and_y_give_the_grid(draft, tmp_path):
    del draft.variables["mapping"].attributes["GeoTransform"]
    assert open_cube(draft.zarr(tmp_path / "a.zarr"), ACCESS).grid == GRID
    draft.variables["y"].values = draft.variables["y"].values[::-1]
    with pytest.raises(CubeInvalid, match="north-up grid"):
        open_cube(draft.zarr(tmp_path / "b.zarr"), ACCESS)
    del draft.variables["y"]
    with pytest.raises(CubeInvalid, match="its place is unknown"):
        open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)


def test_a_part_cut_from_a_cube_must_have_its_own_geotransform(draft, tmp_path):
    for name in ("vx", "vy", "v", "y"):
        stored = draft.variables[name]
        stored.values = stored.values[5:] if name == "y" else stored.values[:, 5:]
    with pytest.raises(CubeInvalid, match="needs its own GeoTransform"):
        open_cube(draft.zarr(tmp_path / "a.zarr"), ACCESS)
    draft.variables["mapping"].attributes["GeoTransform"] = "500032.5 120 0 6699367.5 0 -120"
    assert open_cube(draft.zarr(tmp_path / "b.zarr"), ACCESS).grid == GRID.window(5, 0, 8, 12)


def test_the_outline_spares_reading_x_and_y(draft, tmp_path):
    path = tmp_path / "c.zarr"
    draft.zarr(path)
    for name in "xy":
        (path / name / "0").write_bytes(b"never read")
    assert open_cube(str(path), ACCESS).grid == GRID


def test_one_column_and_one_row(draft, tmp_path):
    for name in ("vx", "vy"):
        draft.variables[name].values = draft.variables[name].values[:, :1, :1]
    draft.variables["x"].values, draft.variables["y"].values = GRID.centre(0, 0)
    for name in "xy":
        draft.variables[name].values = np.atleast_1d(draft.variables[name].values)
    cube = open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)
    assert cube.read(0, 0, 1, 1).vx.shape == (1, 1, 57)
    assert cube.chunk == (1, 1)


def test_no_layers(draft, tmp_path):
    for stored in draft.variables.values():
        if stored.dimensions[:1] == ("mid_date",):
            stored.values, stored.chunks = stored.values[:0], (20, 5, 5)[: stored.values.ndim]
    with pytest.raises(CubeInvalid, match=r"vx of cube c is empty: its shape is \(0, 13, 12\)"):
        open_cube(draft.zarr(tmp_path / "c.zarr"), ACCESS)


def test_an_array_that_zarr_cannot_open(draft, tmp_path):
    path = tmp_path / "c.zarr"
    draft.zarr(path)
    document = json.loads((path / ".zmetadata").read_text())
    del document["metadata"]["vy/.zarray"]["chunks"]
    (path / ".zmetadata").write_text(json.dumps(document))
    with pytest.raises(CubeInvalid, match="vy of cube c is stored in a way that zarr cannot read"):
        open_cube(str(path), ACCESS)
