import numpy as np
import pytest
import shapely
from pyproj import Transformer

from workers.cubes.grid import Grid
from workers.products.footprint import footprint

GRIDS = {
    "utm": Grid(32607, 602992.5, 6742027.5, 120.0, 90, 50),
    "utm on the equator": Grid(32633, 450000.0, 6000.0, 120.0, 100, 833),
    "polar": Grid(3413, -150067.5, -2250052.5, 120.0, 833, 833),
    "over the antimeridian": Grid(32601, 330000.0, 7000000.0, 120.0, 100, 400),
    "polar over the antimeridian": Grid(3413, -1500000.0, 1550000.0, 120.0, 833, 833),
    "around the north pole": Grid(3413, -30000.0, 50000.0, 120.0, 700, 600),
    "around the south pole": Grid(3031, -30000.0, 50000.0, 120.0, 700, 600),
    "pole on an edge": Grid(3031, -30000.0, 0.0, 120.0, 700, 600),
    "pole on a corner": Grid(3413, 0.0, 0.0, 120.0, 300, 300),
}


@pytest.fixture(params=GRIDS.values(), ids=GRIDS)
def grid(request):
    return request.param


def globe(grid, rows, columns):
    """Longitudes and latitudes of places on a grid, given in cells."""
    to_globe = Transformer.from_crs(grid.epsg, 4326, always_xy=True)
    return to_globe.transform(grid.left + columns * grid.spacing, grid.top - rows * grid.spacing)


def test_covers_the_grid_and_nothing_else(grid):
    area = shapely.geometry.shape(footprint(grid).geometry)
    assert area.is_valid
    random = np.random.default_rng(5)
    rows = random.uniform(-0.2 * grid.height, 1.2 * grid.height, 4000)
    columns = random.uniform(-0.2 * grid.width, 1.2 * grid.width, 4000)
    depth = np.minimum.reduce([rows, grid.height - rows, columns, grid.width - columns])
    found = shapely.contains_xy(area, *globe(grid, rows, columns))
    assert found[depth > 1].all()
    assert not found[depth < -1].any()


def test_is_geojson(grid):
    geometry = footprint(grid).geometry
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for (ring,) in polygons:
        assert ring[0] == ring[-1]
        assert shapely.LinearRing(ring).is_ccw
        assert np.abs(ring).max(axis=0).tolist() <= [180.0, 90.0]
        assert np.abs(np.diff(np.array(ring)[:, 0])).max() <= 360


def test_bbox_bounds_the_grid(grid):
    west, south, east, north = footprint(grid).bbox
    rows, columns = np.meshgrid(np.linspace(1, grid.height - 1, 40), np.linspace(1, grid.width - 1, 40))
    lon, lat = globe(grid, rows, columns)
    assert ((lat >= south) & (lat <= north)).all()
    inside = (lon >= west) & (lon <= east) if west < east else (lon >= west) | (lon <= east)
    assert inside.all()


@pytest.mark.parametrize("name", ["over the antimeridian", "polar over the antimeridian"])
def test_antimeridian_cuts_in_two_and_turns_the_bbox_round(name):
    outline = footprint(GRIDS[name])
    assert outline.geometry["type"] == "MultiPolygon"
    west, _, east, _ = outline.bbox
    assert west > 0 > east


@pytest.mark.parametrize(
    ("name", "pole"), [("around the north pole", 90.0), ("around the south pole", -90.0)]
)
def test_pole_inside_reaches_all_longitudes(name, pole):
    outline = footprint(GRIDS[name])
    assert (outline.bbox[0], outline.bbox[2]) == (-180.0, 180.0)
    assert pole in outline.bbox
    area = shapely.geometry.shape(outline.geometry)
    assert shapely.contains_xy(area, np.linspace(-179, 179, 50), np.full(50, np.sign(pole) * 89.9)).all()


def test_small_utm_grids_have_few_points():
    assert len(footprint(GRIDS["utm"]).geometry["coordinates"][0]) == 17
