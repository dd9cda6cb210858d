"""Series of a cube that is replaced: its old table of pairs never meets its new chunks."""

from __future__ import annotations

import pytest

from tests.e2e.making import SPEC
from workers.cubes.opened import catalog, forget_cubes
from workers.errors import CubeChanged, SourceUnavailable
from workers.plan import CubeSource
from workers.synthetic import SyntheticCube, write_cube
from workers.velocity.parameters import VelocityParameters
from workers.velocity.point import PointSeries, point_series, solve_sites
from workers.velocity.sites import locate

BESIDE = SyntheticCube(pairs=60, height=20, width=20, years=1.0, lon=SPEC.lon + 1)


@pytest.fixture(autouse=True)
def _asked_anew():
    """What other tests opened is not taken for what lies there now."""
    forget_cubes()


def change(cube):
    metadata = cube / ".zmetadata"
    metadata.write_text(metadata.read_text().replace("meter/year", "metre/year"))


def test_a_series_of_a_cube_that_was_replaced_is_refused_until_the_cube_is_opened_anew(own_cube):
    source = CubeSource(cubes=(str(own_cube),))
    before = point_series(source, SPEC.lon, SPEC.lat, VelocityParameters(coefficient=100))
    change(own_cube)
    with pytest.raises(CubeChanged, match="changed while it was read"):
        point_series(source, SPEC.lon, SPEC.lat, VelocityParameters(coefficient=200))
    forget_cubes()
    after = point_series(source, SPEC.lon, SPEC.lat, VelocityParameters(coefficient=100))
    assert after.series.v.tobytes() == before.series.v.tobytes()
    assert after.site.fingerprints != before.site.fingerprints


@pytest.mark.parametrize("times", [1, 3])
def test_only_the_places_on_the_replaced_cube_fail(own_cube, tmp_path, times):
    other = write_cube(str(tmp_path / "other"), BESIDE)
    source = CubeSource(cubes=(str(own_cube), other))
    east = [(BESIDE.lon, BESIDE.lat)]
    places = [(SPEC.lon + step * 0.003, SPEC.lat) for step in range(times)]
    sites = [locate(catalog(source), source.access, *place) for place in places + east]
    parameters = VelocityParameters(coefficient=100)
    assert all(isinstance(each, PointSeries) for each in solve_sites(sites, source.access, parameters))
    change(own_cube)
    *replaced, same = solve_sites(sites, source.access, parameters)
    assert [type(each) for each in replaced] == [CubeChanged] * times
    assert isinstance(same, PointSeries)


def test_a_cube_that_cannot_be_asked_in_the_end_gives_no_series(own_cube, monkeypatch):
    def away(cube):
        raise SourceUnavailable("The store is away.", "source-zarr")

    monkeypatch.setattr("workers.cubes.cube.Cube.check_unchanged", away)
    with pytest.raises(SourceUnavailable, match="away"):
        point_series(CubeSource(cubes=(str(own_cube),)), SPEC.lon, SPEC.lat, VelocityParameters())
