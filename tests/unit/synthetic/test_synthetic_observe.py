import numpy as np
import pytest

from workers.synthetic import SyntheticCube, pixel_pairs

CLEAN = {
    "height": 1,
    "width": 1,
    "dropout": 0.0,
    "blunders": 0.0,
    "date_noise": 0.0,
    "pair_noise": 0.0,
    "satellites": ("S1A", "S1B"),
}


def deviations(spec: SyntheticCube):
    """The pair table, and what each pair reads beside the truth: (n, 2), m/yr."""
    table, vx, vy, truth = pixel_pairs(spec)
    true = truth.window_means(0, 0, table.day1, table.day2)
    return table, np.stack([vx, vy], axis=1) - np.stack(true, axis=1), np.hypot(*true)


@pytest.mark.parametrize("scenario", ["seasonal", "surge", "annual-only"])
def test_without_noise_every_pair_reads_the_true_mean_to_the_stored_integer(scenario):
    table, off, speed = deviations(SyntheticCube(pairs=2000, scenario=scenario, **CLEAN))
    assert np.abs(off).max() <= 0.5 + 1e-3
    assert np.ptp(speed) > 5.0
    assert len(table) == 2000


def test_the_whole_baseline_counts_days_not_hours():
    _, vx, vy, _ = pixel_pairs(SyntheticCube(pairs=200, seasonal=0.0, **CLEAN))
    assert np.ptp(vx) == 0.0
    assert np.hypot(vx[0], vy[0]) == pytest.approx(200.0, abs=1.0)


def test_pair_noise_has_the_stated_size_and_is_independent():
    values = CLEAN | {"pair_noise": 4.0}
    table, off, _ = deviations(SyntheticCube(pairs=8000, **values))
    ratio = off / table.error_x[:, None]
    np.testing.assert_allclose(ratio.std(axis=0), 1.0, atol=0.03)
    assert abs(np.corrcoef(ratio.T)[0, 1]) < 0.04
    shared = table.day1[1:] == table.day1[:-1]
    assert abs(np.mean(ratio[1:][shared] * ratio[:-1][shared])) < 0.06


def test_date_noise_is_shared_by_pairs_that_share_an_image():
    values = CLEAN | {"date_noise": 4.0, "years": 5.0}
    table, off, _ = deviations(SyntheticCube(pairs=3000, **values))
    metres = off * ((table.day2 - table.day1) / 365.0)[:, None]
    days, index = np.unique([table.day1, table.day2], return_inverse=True)
    design = np.zeros((len(table), days.size))
    design[np.arange(len(table)), index[1]] += 1.0
    design[np.arange(len(table)), index[0]] -= 1.0
    image = np.linalg.lstsq(design, metres, rcond=None)[0]
    assert np.abs(design @ image - metres).max() < 0.6  # rounding of 0.5 m/yr over 400 days
    np.testing.assert_allclose(image.std(axis=0), 4.0, rtol=0.1)


def test_errors_can_be_understated():
    values = CLEAN | {"pair_noise": 4.0, "error_factor": 2.5}
    table, off, _ = deviations(SyntheticCube(pairs=8000, **values))
    np.testing.assert_allclose((off / table.error_x[:, None]).std(axis=0), 2.5, rtol=0.03)


def test_long_pairs_decorrelate_and_short_ones_do_not():
    values = CLEAN | {"seasonal": 0.0}
    table, off, speed = deviations(SyntheticCube(pairs=8000, scenario="decorrelated", **values))
    far = table.day2 - table.day1 > 60
    assert np.abs(off[~far]).max() <= 0.51
    lost = np.hypot(*off[far].T) > 1.5
    assert lost.mean() == pytest.approx(0.8, abs=0.02)
    read = 1.0 - np.hypot(*off[far][lost].T) / speed[far][lost]
    assert read.min() == pytest.approx(0.0, abs=0.02)
    assert read.max() == pytest.approx(0.6, abs=0.02)
    assert read.mean() == pytest.approx(0.3, abs=0.02)


def test_blunders_come_at_their_rate_in_all_directions():
    values = CLEAN | {"blunders": 0.1}
    _, vx, vy, _ = pixel_pairs(SyntheticCube(pairs=8000, **values))
    _, off, _ = deviations(SyntheticCube(pairs=8000, **values))
    wrong = np.abs(off).max(axis=1) > 2.0
    assert wrong.mean() == pytest.approx(0.1, abs=0.015)
    speed, angle = np.hypot(vx[wrong], vy[wrong]), np.arctan2(vy[wrong], vx[wrong])
    assert speed.max() == pytest.approx(800.0, abs=10.0)
    assert speed.mean() == pytest.approx(400.0, abs=30.0)
    quadrants = np.bincount(((angle + np.pi) // (np.pi / 2.0)).astype(int) % 4) / angle.size
    np.testing.assert_allclose(quadrants, 0.25, atol=0.06)


def test_dropout_is_met_on_average_over_the_middle():
    values = CLEAN | {"dropout": 0.3}
    _, vx, vy, _ = pixel_pairs(SyntheticCube(pairs=8000, **values))
    np.testing.assert_array_equal(np.isnan(vx), np.isnan(vy))
    assert np.isnan(vx).mean() == pytest.approx(0.3, abs=0.03)


def test_dropout_of_one_leaves_nothing():
    values = CLEAN | {"dropout": 1.0}
    assert np.isnan(pixel_pairs(SyntheticCube(pairs=50, **values))[1]).all()


def test_values_beyond_the_integers_saturate():
    values = CLEAN | {"speed": 10_000.0, "surge": 30_000.0, "scenario": "surge", "date_noise": 300.0}
    _, vx, vy, _ = pixel_pairs(SyntheticCube(pairs=4000, **values))
    assert np.nanmax(vx) == 32767.0
    assert np.nanmin(vy) == -32766.0
    assert not np.isnan(vx).any()
