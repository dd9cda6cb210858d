"""Axes on the ground: where north points on a map, and how long a metre is there."""

import numpy as np
import pytest

from workers.axes import ground_axes
from workers.regions import to_grid


def test_at_a_central_meridian_of_utm_the_axes_are_east_and_north():
    axes = ground_axes(32607, -141.0, 60.7)
    assert axes.east == pytest.approx((1.0, 0.0), abs=1e-6)
    assert axes.north == pytest.approx((0.0, 1.0), abs=1e-4)
    assert axes.scale == pytest.approx(0.9996, abs=1e-6)


@pytest.mark.parametrize("lon", [-150.0, -45.0, 20.0])
def test_in_a_polar_projection_north_points_to_the_pole(lon):
    axes = ground_axes(3413, lon, 72.0)
    x, y = to_grid(3413).transform(lon, 72.0)
    assert axes.north == pytest.approx((-x / np.hypot(x, y), -y / np.hypot(x, y)), abs=1e-5)
    assert np.dot(axes.east, axes.north) == pytest.approx(0.0, abs=1e-4)
    assert axes.east[0] * axes.north[1] - axes.east[1] * axes.north[0] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("lon", "lat", "scale"), [(-147.0, 61.2, 1.034), (-139.0, 60.8, 1.036), (-45.0, 70.0, 1.0)]
)
def test_the_map_is_longer_than_the_ground_by_what_was_seen_at_gps(lon, lat, scale):
    assert ground_axes(3413, lon, lat).scale == pytest.approx(scale, abs=1e-3)


def test_vectors_turn_and_keep_their_length():
    axes = ground_axes(3413, -139.0, 60.8)
    turned = axes.along_grid(np.array([30.0, 0.0]), np.array([40.0, -7.0]))
    np.testing.assert_allclose(np.hypot(*turned.T), [50.0, 7.0], rtol=1e-4)
    np.testing.assert_allclose(turned[1], -7.0 * np.array(axes.north), rtol=1e-9)
