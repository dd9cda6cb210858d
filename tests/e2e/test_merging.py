"""Two data sets of the same ice on different grids, in different projections, with different noise."""

from __future__ import annotations

import json

import numpy as np
import pytest
import zarr
from pyproj import Proj, Transformer

from service.cli import exit_code
from tests.e2e.making import plan, publish
from workers.errors import InvalidRequest
from workers.plan import CubeSource, GivenDataset
from workers.regions import degrees, to_grid
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.flowline import line_series
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series
from workers.velocity.variables import SERIES_VARIABLES

COMMON = {"pairs": 700, "years": 3.0, "height": 30, "width": 30, "lon": -139.02, "lat": 60.745}
UTM = SyntheticCube(**COMMON, epsg=32607, seed=1)
POLAR = SyntheticCube(**{**COMMON, "height": 40, "width": 40}, epsg=3413, seed=2)
ALONG = np.array([0.8, -0.6])
"""Direction of the flow in the axes of EPSG:32607"""
YEAR = 365.0
MERGED = VelocityParameters(datasets="polar")
PIXELS = [(9, 9), (9, 20), (15, 15), (20, 10)]


def travelled(days):
    """Metres along the flow: 200 m/yr and a season."""
    return 200 * days / YEAR + 12 * np.sin(2 * np.pi * days / 365.25)


def along_axes_of(epsg, metres):
    """Displacements (n,) along the flow as vectors (n, 2) of true length along the axes of another CRS."""
    moved = np.outer(metres, ALONG)
    if epsg == UTM.epsg:
        return moved
    here = Transformer.from_crs(4326, UTM.epsg, always_xy=True).transform(UTM.lon, UTM.lat)
    scales = [Proj(code).get_factors(UTM.lon, UTM.lat).meridional_scale for code in (UTM.epsg, epsg)]
    to = Transformer.from_crs(UTM.epsg, epsg, always_xy=True)
    start, end = to.transform(*here), to.transform(*(np.array(here)[:, None] + scales[0] * moved.T))
    return (np.stack(end, axis=1) - start) / scales[1]


def flowing(folder, spec, noise, seed, offset=(0.0, 0.0)):
    """A cube in which all ice moves alike; noise of the pairs in metres, an offset in m/yr."""
    cube = write_cube(str(folder), spec)
    group = zarr.open_group(cube, mode="r+", zarr_format=2)
    days = [np.floor(group[f"acquisition_date_img{n}"][:]) for n in (1, 2)]
    apart = days[1] - days[0]
    moved = along_axes_of(spec.epsg, travelled(days[1]) - travelled(days[0]))
    rng = np.random.default_rng(seed)
    for component, name in enumerate(("vx", "vy")):
        shape = group[name].shape
        metres = moved[:, component, None, None] + rng.normal(0.0, noise, shape)
        values = metres / apart[:, None, None] * YEAR + offset[component]
        group[name][...] = np.round(values).astype(np.int16)
        group[f"{name}_error"][:] = (max(noise, 0.5) / apart * YEAR).astype(np.float32)
    return cube


@pytest.fixture(scope="module")
def cubes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    return flowing(folder, UTM, 5.0, 11), flowing(folder, POLAR, 8.0, 12)


@pytest.fixture(scope="module")
def source(cubes):
    return CubeSource(cubes=cubes[:1], datasets=(GivenDataset(name="polar", cubes=cubes[1:]),))


def place(row, column):
    return to_grid(UTM.epsg).transform(*UTM.grid.centre(row, column), direction="INVERSE")


def squared_error(answer):
    """(windows wholly inside both records,) squared error of the speed."""
    start, end = answer.windows.start, answer.windows.end
    first, last = UTM.days
    truth = (travelled(end) - travelled(start)) / (end - start) * YEAR
    return ((answer.series.v - truth) ** 2)[(start > first + 60) & (end < last - 60)]


def test_merged_sets_are_nearer_the_truth_than_either_alone(cubes, source):
    def rmse(source, **asked):
        parameters = VelocityParameters(**asked)
        answers = [point_series(source, *place(*pixel), parameters) for pixel in PIXELS]
        return np.sqrt(np.mean([squared_error(answer) for answer in answers]))

    alone = [rmse(CubeSource(cubes=(cube,))) for cube in cubes]
    assert rmse(source, datasets="polar") < 0.97 * min(alone)


def test_vectors_are_turned_and_keep_their_length_on_the_ground(cubes, tmp_path):
    exact = flowing(tmp_path, POLAR, 0.0, 0)
    empty = write_cube(str(tmp_path / "empty.zarr"), UTM)
    group = zarr.open_group(empty, mode="r+", zarr_format=2)
    group["vx"][...] = np.int16(-32767)
    source = CubeSource(cubes=(empty,), datasets=(GivenDataset(name="polar", cubes=(exact,)),))
    answer = point_series(source, *place(15, 15), MERGED, observations=True)
    pairs = answer.observations
    assert answer.site.crs == "EPSG:32607"
    assert set(pairs["dataset"]) == {"polar"}
    truth = np.outer(
        (travelled(pairs["end"]) - travelled(pairs["start"])) / (pairs["end"] - pairs["start"]), ALONG
    )
    # The cube stores whole metres a year, in both components.
    np.testing.assert_allclose(np.stack([pairs["vx"], pairs["vy"]], axis=1), truth * YEAR, atol=0.75)


def test_a_point_is_the_pixel_of_a_product_and_both_name_their_sources(cubes, source, tmp_path):
    box = degrees(UTM.grid.window(12, 12, 5, 5))
    region = plan(source, box, datasets="polar")
    product = publish(region, tmp_path)
    assert [cube.label for cube in region.cubes] == [UTM.name, f"polar/{POLAR.name}"]
    assert f"data set polar, datacube {POLAR.name}" in product.attrs["source"]
    top, left = region.grid.offset(UTM.grid)
    assert (top, left, region.grid.height, region.grid.width) == (10, 10, 10, 10)
    for row, column in ((10, 10), (15, 15)):
        answer = point_series(source, *place(row, column), MERGED)
        for name in SERIES_VARIABLES:
            stored = product[name].values[:, row - top, column - left]
            assert stored.tobytes() == getattr(answer.series, name).tobytes(), name
        assert len(answer.series.shares) == 2
    assert plan(source, box).request_sha256 != region.request_sha256


def test_nothing_changes_unless_merging_is_asked_for(cubes, source):
    merged, plain = (point_series(source, *place(15, 15), asked) for asked in (MERGED, VelocityParameters()))
    alone = point_series(CubeSource(cubes=cubes[:1]), *place(15, 15), VelocityParameters())
    assert plain.series.vx.tobytes() == alone.series.vx.tobytes()
    assert plain.request_sha256 == alone.request_sha256 != merged.request_sha256
    assert plain.series.shares == ()


def test_each_set_tells_its_quality_and_a_bias_is_told_and_not_corrected(cubes, tmp_path):
    biased = flowing(tmp_path, POLAR, 8.0, 13, offset=(60.0, 0.0))
    source = CubeSource(cubes=cubes[:1], datasets=(GivenDataset(name="polar", cubes=(biased,)),))
    main, polar = point_series(source, *place(15, 15), MERGED).series.shares
    assert main.quality == 1.0
    assert 0.4 < polar.quality < 0.9
    assert np.isnan(main.bias).all()
    assert np.hypot(*polar.bias) > 4 * np.hypot(*polar.bias_error)
    main, polar = point_series(
        CubeSource(cubes=cubes[:1], datasets=(GivenDataset(name="polar", cubes=cubes[1:]),)),
        *place(15, 15),
        MERGED,
    ).series.shares
    assert np.hypot(*polar.bias) < 4 * np.hypot(*polar.bias_error)


def test_a_set_that_is_not_configured_is_told_with_those_that_are(source):
    asked = VelocityParameters(datasets="far,polar")
    with pytest.raises(InvalidRequest, match=r"no data set far; those to merge are polar") as caught:
        point_series(source, *place(15, 15), asked)
    assert caught.value.where == "datasets"
    with pytest.raises(InvalidRequest, match="no data set far"):
        plan(source, degrees(UTM.grid.window(8, 8, 9, 9)), datasets="far")


def test_a_set_that_does_not_reach_the_place_gives_no_pairs(cubes, source, tmp_path):
    far = write_cube(str(tmp_path), SyntheticCube(**{**COMMON, "lon": -139.3}, epsg=3413, seed=4))
    sets = (*source.datasets, GivenDataset(name="far", cubes=(far,)))
    more = point_series(
        CubeSource(cubes=cubes[:1], datasets=sets), *place(15, 15), VelocityParameters(datasets="far,polar")
    )
    assert [share.dataset for share in more.series.shares] == [0, 2]
    assert more.series.vx.tobytes() == point_series(source, *place(15, 15), MERGED).series.vx.tobytes()


def test_the_command_line_merges_its_cubes(cubes, capsys):
    lon, lat = place(15, 15)
    where = ["--lon", str(lon), "--lat", str(lat)]
    both = [word for cube in cubes for word in ("--cube", cube)]
    assert exit_code(["series", *both, "--merge", *where]) == 0
    sets = json.loads(capsys.readouterr().out)["source"]["datasets"]
    assert [each["name"] for each in sets] == ["main", POLAR.name]
    assert [cube["crs"] for each in sets for cube in each["cubes"]] == ["EPSG:32607", "EPSG:3413"]
    assert all(each["used"] > 300 for each in sets)
    assert exit_code(["series", *both[:2], "--merge", *where]) == 2
    assert "--merge needs two cubes" in capsys.readouterr().err


def test_points_of_a_line_are_merged_as_alone(source):
    ends = [place(15, 14), place(15, 17)]
    line = line_series(source, ends, 120.0, MERGED)
    assert len(line.answers) >= 3
    for answer in line.answers[:2]:
        alone = point_series(source, answer.site.lon, answer.site.lat, MERGED)
        assert answer.series.vx.tobytes() == alone.series.vx.tobytes()
        assert [share.used for share in answer.series.shares] == [share.used for share in alone.series.shares]
        assert answer.request_sha256 == alone.request_sha256
