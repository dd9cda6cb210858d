"""Which images are taken and which of them are paired: what all pixels of a synthetic cube share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.calendar import day_of
from workers.errors import InvalidRequest
from workers.synthetic.satellites import SATELLITES
from workers.synthetic.spec import SyntheticCube

DAY_US = 86_400_000_000
SMALLEST_ERROR = 0.1
_NETWORK_STREAM = 0


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """m images, and n pairs of them in the order of the cube's layers, which is no order of time."""

    time: np.ndarray
    """(m,) int64, acquisition, microseconds since 1970-01-01"""
    satellite: np.ndarray
    """(m,) int, index into `SATELLITES`"""
    shift: np.ndarray
    """(m, 2) float64, position error of each image in x and y, metres"""
    first: np.ndarray
    second: np.ndarray
    """(n,) int, the earlier and the later image of each pair"""
    cover: np.ndarray
    """(n,) float32, how much cloud and change hide in each pair; 1 on average"""
    error: np.ndarray
    """(n,) float32, stated 1-sigma error of vx and of vy, m/yr"""

    @property
    def day(self) -> np.ndarray:
        """(m,) int64, UTC calendar day of each image."""
        return self.time // DAY_US

    @property
    def baseline(self) -> np.ndarray:
        """(n,) int64, whole days from image to image."""
        return self.day[self.second] - self.day[self.first]


def network(spec: SyntheticCube) -> Network:
    """Draw images and pairs.

    Landsat passes every 8 days, Sentinel-1 every 6, Sentinel-2 every 5; clouds take their share of the
    optical images. Pairs are drawn among all that one group of satellites could make, with replacement
    (overlapping frames give real cubes such repeats too), short baselines more often than long ones: weight
    exp(-baseline / baseline_scale). The stated error is sqrt(2 date_noise^2 + pair_noise^2) / error_factor
    over the baseline, the same for both components, at least 0.1 m/yr.

    Raises:
        InvalidRequest: the record holds no possible pair.
    """
    rng = spec.generator(_NETWORK_STREAM)
    time, satellite = _images(spec, rng)
    candidates = _candidates(spec, time // DAY_US, satellite)
    baseline = candidates[2]
    if baseline.size == 0:
        shortest, longest = spec.baselines
        raise InvalidRequest(
            f"No pair of images within {spec.years:g} years from {spec.start} is "
            f"{shortest} to {longest} days apart (satellites {', '.join(spec.satellites)}, "
            f"cloud {spec.cloud:g}); make the record longer.",
            "years",
        )
    weight = np.exp(-baseline / spec.baseline_scale)
    drawn = rng.choice(baseline.size, spec.pairs, p=weight / weight.sum())
    noise = np.sqrt(2.0 * spec.date_noise**2 + spec.pair_noise**2)
    stated = np.maximum(noise / spec.error_factor / baseline[drawn] * 365.0, SMALLEST_ERROR)
    return Network(
        time=time,
        satellite=satellite,
        shift=spec.date_noise * rng.standard_normal((time.size, 2)),
        first=candidates[0][drawn],
        second=candidates[1][drawn],
        cover=rng.uniform(0.3, 1.7, spec.pairs).astype(np.float32),
        error=stated.astype(np.float32),
    )


def _images(spec: SyntheticCube, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Acquisition times (microseconds) and satellites of all images, in order of time."""
    first, end = spec.days
    known = list(SATELLITES.values())
    chosen = [list(SATELLITES).index(name) for name in spec.satellites]
    times, satellites = [], []
    for group in dict.fromkeys(known[index].group for index in chosen):
        members = np.array([index for index in chosen if known[index].group == group])
        like = known[members[0]]
        days = np.arange(first + int(rng.integers(like.revisit)), end, like.revisit)
        flies = np.stack(
            [(days >= day_of(known[index].first)) & (days < day_of(known[index].last)) for index in members]
        )
        turn = np.where(flies, rng.random(flies.shape), -1.0).argmax(axis=0)
        kept = flies.any(axis=0) & (rng.random(days.size) >= (spec.cloud if like.optical else 0.0))
        seconds = like.hour * 3600.0 + rng.uniform(-600.0, 600.0, days.size)
        second_us = np.rint(seconds) * 1e6 if like.whole_seconds else np.rint(seconds * 1e6)
        times.append((days * DAY_US + second_us.astype(np.int64))[kept])
        satellites.append(members[turn][kept])
    time, satellite = np.concatenate(times), np.concatenate(satellites)
    order = np.argsort(time, kind="stable")
    return time[order], satellite[order]


def _candidates(
    spec: SyntheticCube, day: np.ndarray, satellite: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images and baselines (days) of all pairs that can be made."""
    shortest, longest = spec.baselines
    names = [entry.group for entry in SATELLITES.values()]
    group = np.array([names.index(name) for name in names])[satellite]
    start = np.searchsorted(day, day + shortest, side="left")
    count = np.searchsorted(day, day + longest, side="right") - start
    first = np.repeat(np.arange(day.size), count)
    second = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - start, count)
    same = group[first] == group[second]
    first, second = first[same], second[same]
    return first, second, day[second] - day[first]
