"""The 1-D arrays of a synthetic cube: one value for each layer."""

from __future__ import annotations

import numpy as np

from workers.synthetic.network import DAY_US, Network
from workers.synthetic.observe import MISSING
from workers.synthetic.satellites import SATELLITES

_KINDS = (
    "error",
    "error_modeled",
    "error_slow",
    "error_stationary",
    "stable_shift",
    "stable_shift_slow",
    "stable_shift_stationary",
)


def layer_values(network: Network) -> dict[str, np.ndarray]:
    """Values of all 1-D arrays over `mid_date`, by name, as they are stored.

    The stable-surface correction is said to be applied and to have found no shift. The stated error stands as
    best, modeled and stationary one; errors over slow ice, and all of the radar geometry, are missing.
    """
    n = network.first.size
    first, second = network.time[network.first], network.time[network.second]
    center = first + (second - first) // 2
    images = {"img1": network.satellite[network.first], "img2": network.satellite[network.second]}
    values: dict[str, np.ndarray] = {
        "mid_date": (center + _token(first)) / DAY_US,
        "date_center": center / DAY_US,
        "date_dt": ((second - first) / DAY_US).astype(np.float32),
        "acquisition_date_img1": first / DAY_US,
        "acquisition_date_img2": second / DAY_US,
        "roi_valid_percentage": np.round(100.0 * 0.7**network.cover, 1).astype(np.float32),
        "stable_shift_flag": np.ones(n, np.uint8),
        "stable_count_slow": np.zeros(n, np.uint16),
        "stable_count_stationary": np.full(n, 10_000, np.uint16),
        "M11_dr_to_vr_factor": np.zeros(n, np.float32),
        "M12_dr_to_vr_factor": np.zeros(n, np.float32),
        "autoRIFT_software_version": np.full(n, "1.5.0"),
        "granule_url": _granules(network, images),
    }
    for image, satellite in images.items():
        for what in ("mission", "satellite", "sensor"):
            codes = np.array([getattr(entry, what) for entry in SATELLITES.values()])
            values[f"{what}_{image}"] = codes[satellite]
    for component in ("vx", "vy", "va", "vr"):
        for kind in _KINDS:
            values[f"{component}_{kind}"] = _component(component, kind, network.error)
    return values


def _component(component: str, kind: str, error: np.ndarray) -> np.ndarray:
    if component in ("va", "vr") or kind == "error_slow":
        return np.full(error.size, MISSING, np.float32)
    return error if kind.startswith("error") else np.zeros(error.size, np.float32)


def _token(time_us: np.ndarray) -> np.ndarray:
    """YYMMDD of a date as a number of microseconds: what ITS_LIVE adds to tell mid dates apart."""
    day = (time_us // DAY_US).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    year, of_year = np.divmod(month.astype(np.int64), 12)
    of_month = (day - month).astype(np.int64)
    return (year + 1970) % 100 * 10_000 + (of_year + 1) * 100 + of_month + 1


def _granules(network: Network, images: dict[str, np.ndarray]) -> np.ndarray:
    """Names like those of granules, without the address of any real one."""
    names = np.array(list(SATELLITES))
    scenes = []
    for satellite, index in zip(images.values(), (network.first, network.second), strict=True):
        stamp = np.datetime_as_string(network.time[index].astype("datetime64[us]"), unit="s")
        stamp = np.strings.replace(np.strings.replace(stamp, "-", ""), ":", "")
        scenes.append(np.strings.add(np.strings.add(names[satellite], "_"), stamp))
    pair = np.strings.add(np.strings.add(scenes[0], "_X_"), scenes[1])
    return np.strings.add(pair, "_G0120V02_synthetic.nc")
