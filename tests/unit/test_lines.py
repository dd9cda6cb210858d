"""Lines: equal steps along the ground, round vertices and the date line, and limits that say what fits."""

import numpy as np
import pytest
from pyproj import Geod

from workers.errors import InvalidRequest, TooLarge
from workers.lines import MAX_POINTS, walk

WGS84 = Geod(ellps="WGS84")
GLACIER = [(-139.1, 60.7), (-139.0, 60.72), (-138.95, 60.8)]


def test_points_lie_at_equal_steps_along_the_ground():
    found = walk(GLACIER[:2], 250.0)
    steps = WGS84.inv(found.lon[:-1], found.lat[:-1], found.lon[1:], found.lat[1:])[2]
    np.testing.assert_allclose(steps, 250.0, atol=1e-6)
    np.testing.assert_array_equal(found.distance, 250.0 * np.arange(len(found)))
    assert (found.lon[0], found.lat[0]) == pytest.approx(GLACIER[0])
    assert found.length - 250.0 < found.distance[-1] <= found.length


def test_distance_goes_on_round_a_vertex():
    found = walk(GLACIER, 1000.0)
    first = WGS84.inv(*GLACIER[0], *GLACIER[1])[2]
    assert found.length == pytest.approx(first + WGS84.inv(*GLACIER[1], *GLACIER[2])[2])
    beyond = np.flatnonzero(found.distance > first)
    left = WGS84.inv(*GLACIER[1], found.lon[beyond[0]], found.lat[beyond[0]])[2]
    assert left == pytest.approx(found.distance[beyond[0]] - first, abs=1e-6)


def test_a_vertex_given_twice_or_with_a_height_changes_nothing():
    plain, odd = (
        walk(line, 500.0) for line in (GLACIER, [GLACIER[0], (*GLACIER[1], 900.0), GLACIER[1], GLACIER[2]])
    )
    np.testing.assert_allclose([odd.lon, odd.lat], [plain.lon, plain.lat], atol=1e-12)


def test_an_end_at_a_whole_number_of_steps_is_a_point():
    length = walk(GLACIER, 100.0).length
    found = walk(GLACIER, length / 7)
    assert len(found) == 8
    assert (found.lon[-1], found.lat[-1]) == pytest.approx(GLACIER[-1])


def test_the_box_of_a_line_over_the_date_line_crosses_it():
    found = walk([(179.9, 71.0), (-179.9, 71.2)], 500.0)
    west, south, east, north = found.bbox
    assert (west, east) == pytest.approx((179.9, -179.9), abs=0.02)
    assert (south, north) == pytest.approx((71.0, 71.2), abs=0.01)
    assert (np.abs(found.lon) <= 180).all()


@pytest.mark.parametrize(
    ("coordinates", "spacing", "reason", "where"),
    [
        ([(0, 0)], 10, "at least two points; this one has 1", "coordinates"),
        ([(0, 0), (0, 0)], 10, "two different points", "coordinates"),
        ([(0, 0), (0,)], 10, "Point 1 .* needs a longitude and a latitude", "coordinates"),
        ([(0, 0), ("1", 1)], 10, "Point 1 .* needs a longitude and a latitude", "coordinates"),
        ([(0, float("nan")), (1, 1)], 10, "Point 0 .* needs a longitude and a latitude", "coordinates"),
        ([(0, 0), (181, 0)], 10, "Point 1 .* longitude 181", "coordinates"),
        ([(0, 91), (1, 0)], 10, "Point 0 .* latitude 91", "coordinates"),
        (GLACIER, 0, "spacing is 0 m; it must lie above 0", "spacing"),
        (GLACIER, float("inf"), "spacing is inf m", "spacing"),
        (GLACIER, 1e6, r"must .* not exceed the line, which is 15\d\d\d m long", "spacing"),
    ],
)
def test_a_bad_line_is_told_apart(coordinates, spacing, reason, where):
    with pytest.raises(InvalidRequest, match=reason) as caught:
        walk(coordinates, spacing)
    assert caught.value.where == where


def test_too_many_points_are_told_with_a_spacing_that_fits():
    with pytest.raises(TooLarge, match=r"a spacing of \d+ m fits") as caught:
        walk(GLACIER, 10.0)
    assert caught.value.limits == {"max_points": MAX_POINTS}
    fits = float(str(caught.value).rsplit("spacing of ", 1)[1].split()[0])
    assert MAX_POINTS - 20 < len(walk(GLACIER, fits)) <= MAX_POINTS
