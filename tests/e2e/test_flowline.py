"""A flowline through one cube, two cubes and none: each point is the series at its place, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from tests.e2e.making import SPEC, halves
from workers.cubes.cube import Cube
from workers.errors import ChunkUnreadable, NoCube
from workers.plan import CubeSource
from workers.regions import to_grid
from workers.velocity.flowline import line_series
from workers.velocity.line import NOWHERE
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import point_series
from workers.velocity.series import Flag
from workers.velocity.variables import SERIES_VARIABLES

MONTHLY = VelocityParameters(step="P1M", interval="scaled")


def place(row, column):
    """The centre of a pixel of the cube, or of its lattice beyond, degrees."""
    return to_grid(SPEC.epsg).transform(*SPEC.grid.centre(row, column), direction="INVERSE")


@pytest.fixture(scope="module")
def source(cube):
    return CubeSource(cubes=(str(cube),))


@pytest.fixture(scope="module")
def line(source):
    return line_series(source, [place(10, 8), place(40, 30), place(50, 52)], 400.0, MONTHLY)


def assert_points_are_their_places(line, source, some):
    for index in some:
        point = point_series(source, line.points.lon[index], line.points.lat[index], line.parameters)
        assert line.series[index].site == point.site
        shared = np.isin(line.windows.start, point.windows.start)
        for name in SERIES_VARIABLES:
            assert line.table(name)[index][shared].tobytes() == getattr(point.series, name).tobytes(), name


def test_each_point_answers_as_its_place_does(line, source):
    assert len(line.points) == 19
    assert line.problems == (None,) * 19
    assert np.isfinite(line.table("v")).any(axis=1).all()
    assert_points_are_their_places(line, source, range(0, 19, 3))


def test_points_of_one_pixel_share_its_series(source):
    line = line_series(source, [place(30, 20), place(30, 24)], 30.0, MONTHLY)
    assert line.pixel[0] == line.pixel[1] == 0
    assert sorted(set(line.pixel.tolist())) == list(range(5))
    assert line.table("v")[0].tobytes() == line.table("v")[1].tobytes()


def test_every_chunk_is_read_once(source, monkeypatch):
    reads, read = [], Cube.read

    def counted(cube, *window):
        reads.append(window)
        return read(cube, *window)

    monkeypatch.setattr(Cube, "read", counted)
    line_series(source, [place(12, 12), place(47, 41)], 100.0, MONTHLY)
    assert len(reads) == len(set(reads)) <= 16


def test_the_table_of_anomalies_is_against_the_mean_of_whole_windows(line):
    speed, flags = line.table("v").astype(float), line.table("quality_flag")
    assert (flags[:, [0, -1]] & Flag.edge).any()
    for row in range(len(line.points)):
        whole = np.isfinite(speed[row]) & (flags[row] & Flag.edge == 0)
        mean = speed[row][whole].mean()
        assert line.mean_speed[row] == pytest.approx(mean)
        np.testing.assert_allclose(line.anomaly[row], speed[row] - mean, rtol=1e-5, atol=1e-3)
        np.testing.assert_allclose(line.relative_anomaly[row], speed[row] / mean - 1, rtol=1e-5, atol=1e-5)


def test_a_line_runs_on_over_the_seam_of_two_cubes(cube, tmp_path):
    source = CubeSource(cubes=tuple(halves(cube, tmp_path, 30)))
    line = line_series(source, [place(20, 24), place(22, 36)], 240.0, MONTHLY)
    assert {each.site.cube.reference.id.rsplit("_")[-1] for each in line.series} == {"east", "west"}
    assert {each.site.cube.reference.id.rsplit("_")[-1] for each in line.series} == {"east", "west"}
    assert_points_are_their_places(line, source, range(len(line.points)))


def test_points_outside_every_cube_are_marked_and_the_others_answer(source):
    line = line_series(source, [place(30, -5), place(30, 6)], 240.0, MONTHLY)
    outside = line.pixel == NOWHERE
    assert outside.tolist() == sorted(outside.tolist(), reverse=True)
    assert 0 < outside.sum() < outside.size
    told = [problem is not None and problem.startswith("No cube holds lon=") for problem in line.problems]
    assert told == outside.tolist()
    assert np.isnan(line.table("v")[outside]).all()
    assert (line.table("quality_flag")[outside] == Flag.no_data).all()
    assert np.isnan(line.anomaly[outside]).all()
    assert np.isfinite(line.table("v")[~outside]).any(axis=1).all()


def test_a_line_that_no_cube_holds_names_the_nearest(source, cube):
    with pytest.raises(NoCube, match=f"No cube holds any point of the line; the nearest is {cube.stem}"):
        line_series(source, [(0.0, 0.0), (0.1, 0.0)], 1000.0, MONTHLY)


def test_a_damaged_chunk_costs_its_own_points(own_cube):
    chunk = own_cube / "vx" / "0.2.2"
    chunk.write_bytes(chunk.read_bytes()[:40])
    source = CubeSource(cubes=(str(own_cube),))
    line = line_series(source, [place(25, 15), place(25, 45)], 240.0, MONTHLY)
    lost = [problem is not None for problem in line.problems]
    to = to_grid(SPEC.epsg)
    columns = [
        SPEC.grid.cell(*to.transform(*place))[1]
        for place in zip(line.points.lon, line.points.lat, strict=True)
    ]
    # Its own columns are 20 to 29; those beside it lack a neighbour for their first guess.
    assert [19 <= column <= 30 for column in columns] == lost
    assert all("0.2.2" in problem for problem in line.problems if problem)
    with pytest.raises(ChunkUnreadable, match=r"0\.2\.2"):
        line_series(source, [place(23, 23), place(26, 26)], 240.0, MONTHLY)
