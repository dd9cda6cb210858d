import numpy as np
import pytest
import zarr

from workers.errors import CubeInvalid, SourceUnavailable
from workers.synthetic import SyntheticCube, Truth, truth_path
from workers.synthetic.glacier import glacier

SURGE = SyntheticCube(height=9, width=13, scenario="surge")


def velocity(truth: Truth, row: int, column: int, day: np.ndarray) -> np.ndarray:
    """(2, D): the stated formula, point by point in time."""
    angle = 2.0 * np.pi * day / 365.25
    pulse = np.cosh((day - truth.pulse_day[row, column]) / truth.pulse_scale) ** -2.0
    shapes = {"mean": 1.0, "sine": np.sin(angle), "cosine": np.cos(angle), "pulse": pulse}
    return sum(getattr(truth, name)[:, row, column, None] * shape for name, shape in shapes.items())


def test_window_means_are_the_integral_of_the_stated_velocity():
    truth = glacier(SURGE).truth
    middle = int(truth.pulse_day[4, 6])
    start = np.array([16500, middle - 20, middle, middle + 3, 17000])
    end = np.array([16530, middle + 10, middle + 1, middle + 200, 17800])
    vx, vy = truth.window_means(4, 6, start, end)
    for window in range(start.size):
        steps = 4000
        day = start[window] + (np.arange(steps) + 0.5) * (end[window] - start[window]) / steps
        expected = velocity(truth, 4, 6, day).mean(axis=1)
        np.testing.assert_allclose([vx[window], vy[window]], expected, rtol=1e-6)


def test_means_of_adjoining_windows_add_up():
    truth = glacier(SURGE).truth
    parts = np.array(truth.window_means(4, 6, np.arange(17000, 17030), np.arange(17001, 17031)))
    whole = np.array(truth.window_means(4, 6, [17000], [17030]))
    np.testing.assert_allclose(parts.mean(axis=1), whole[:, 0], rtol=1e-9)


def test_the_middle_is_fastest_the_margins_rest_and_the_far_field_is_hidden():
    maps = glacier(SyntheticCube(height=61, width=61, dropout=0.2))
    speed = np.hypot(*maps.truth.mean)
    assert speed.max() == pytest.approx(speed[30, 30], rel=0.01)
    assert speed[30, 30] == pytest.approx(200.0)
    np.testing.assert_array_equal(maps.ice, speed > 0.0)
    assert 0.3 < maps.ice.mean() < 0.8
    assert np.exp(-maps.opacity[30, 30]) == pytest.approx(0.8)
    assert np.isinf(maps.opacity).any()
    assert not np.isinf(maps.opacity[maps.ice]).any()
    assert (maps.opacity[~maps.ice] > maps.opacity[30, 30]).all()


def test_flow_turns_and_speeds_vary_smoothly():
    mean = glacier(SyntheticCube(height=61, width=61)).truth.mean
    assert np.abs(np.diff(mean, axis=1)).max() < 40.0
    assert np.abs(np.diff(mean, axis=2)).max() < 40.0
    ice = np.hypot(*mean) > 20.0
    direction = np.degrees(np.arctan2(mean[1], mean[0]))[ice]
    assert np.ptp(direction) > 60.0


def test_a_surge_runs_up_the_glacier_and_other_scenarios_have_none():
    truth = glacier(SURGE).truth
    assert (np.diff(truth.pulse_day, axis=1) < 0.0).all()
    assert np.hypot(*truth.pulse[:, 4, 6]) == pytest.approx(1500.0)
    assert not glacier(SyntheticCube(height=9, width=13)).truth.pulse.any()


def test_truth_is_read_as_it_was_written(tmp_path):
    truth = glacier(SURGE).truth
    path = truth_path(str(tmp_path / "a.zarr"))
    assert path == str(tmp_path / "a.truth.zarr")
    truth.write(path, {"cube": "a.zarr"})
    read = Truth.read(path)
    for name in ("mean", "sine", "cosine", "pulse", "pulse_day"):
        np.testing.assert_array_equal(getattr(read, name), getattr(truth, name))
    assert read.pulse_scale == truth.pulse_scale
    assert "sech" in zarr.open_group(path, mode="r").attrs["description"]


def test_a_place_without_truth_says_so(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"No truth is stored at .*nowhere"):
        Truth.read(str(tmp_path / "nowhere.truth.zarr"))
    zarr.open_group(tmp_path / "other.zarr", mode="w").create_array("mean", shape=(1,), dtype="f8")
    with pytest.raises(CubeInvalid, match="lacks sine, cosine, pulse, pulse_day, pulse_scale_days"):
        Truth.read(str(tmp_path / "other.zarr"))


@pytest.mark.parametrize(("row", "column"), [(-1, 0), (9, 0), (0, 13)])
def test_pixels_outside_have_no_truth(row, column):
    with pytest.raises(IndexError, match="9 x 13"):
        glacier(SURGE).truth.window_means(row, column, [17000], [17030])
