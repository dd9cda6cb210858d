"""What every series of a pixel must fulfil, and when two are one."""

from dataclasses import fields

import numpy as np

from workers.velocity.series import Flag

WINDOW_ARRAYS = (
    "vx",
    "vy",
    "v",
    "vx_error",
    "vy_error",
    "v_error",
    "vx_error_lag1",
    "vy_error_lag1",
    "v_low",
    "v_high",
    "count",
)


def assert_same(one, other, tables=True):
    """Equal to the bit, NaN included."""
    for field in fields(one):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "rows" and not tables:
            continue
        if isinstance(left, np.ndarray | np.floating):
            np.testing.assert_array_equal(left, right, err_msg=field.name)
        else:
            assert left == right or left != left, field.name


def assert_sound(series, windows):
    """The promises that hold for every pixel."""
    for name in WINDOW_ARRAYS:
        column = getattr(series, name)
        assert column.shape == (len(windows),)
        assert column.dtype == np.float32
        assert not np.isinf(column).any()
    no_data = (series.quality_flag & Flag.no_data) > 0
    np.testing.assert_array_equal(np.isnan(series.v), no_data)
    np.testing.assert_array_equal(np.isnan(series.count), no_data)
    known = np.isfinite(series.v_low)
    assert (series.v_low[known] >= 0).all()
    assert (series.v_low[known] <= series.v[known]).all()
    assert (series.v[known] <= series.v_high[known]).all()
    np.testing.assert_allclose(series.v, np.hypot(series.vx, series.vy), rtol=1e-6)
    assert series.used == series.rows.size == series.weights.size
    assert series.used == series.valid - sum(series.rejected.values())
