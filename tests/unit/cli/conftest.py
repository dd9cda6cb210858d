"""The command line run in this process, and a document for it to draw."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.commands import ogive

__all__ = ["document", "ogive"]


@pytest.fixture
def document() -> dict[str, Any]:
    """A time-series document of 60 monthly windows, of which five in the middle have no data."""
    months = [f"{2015 + n // 12}-{n % 12 + 1:02}-15T12:00:00Z" for n in range(60)]
    v = [None if 30 <= n < 35 else 900.0 + 60.0 * math.sin(n * math.pi / 6) for n in range(60)]
    return {
        "cell": {"lon": -139.019, "lat": 60.745},
        "source": {
            "cube": "ITS_LIVE_vel_EPSG32607_G0120_X650000_Y6750000",
            "valid": 1000,
            "used": 960,
            "rejected": {"saturation": 0, "median_angle": 40},
        },
        "quality": {"flag_bits": {"edge": 32}, "interval": {"level": 0.9}},
        "series_units": {"v": "m/yr"},
        "series": {
            "time": months,
            "v": v,
            "flags": [0] * 60,
            "v_low": [None if value is None else value - 100.0 for value in v],
            "v_high": [None if value is None else value + 100.0 for value in v],
        },
    }
