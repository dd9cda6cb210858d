"""The glacier that every synthetic cube shows: where ice is, how it flows, what hides it.

It enters from the west and bends once on its way east. Shapes are given in fractions of the cube, so that a
cube of any size shows the whole glacier, and its middle pixel always lies on the fastest ice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.synthetic.spec import SyntheticCube
from workers.synthetic.truth import PERIOD_DAYS, Truth

PULSE_SCALE_DAYS = 100.0
_FRONT_DAYS = 180.0
_SPRING_PEAK_DAY, _PEAK_LAG_DAYS = 135.0, 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Glacier:
    """The maps of a cube."""

    truth: Truth
    ice: np.ndarray
    """(height, width) bool"""
    opacity: np.ndarray
    """(height, width) float32: a pair has a value here with probability exp(-opacity x cover of the pair); so
    `dropout` is the share that is missing at a cover of 1; infinite far from the ice"""


def glacier(spec: SyntheticCube) -> Glacier:
    """Flow, ice and opacity of all pixels.

    Speed falls as 1 - n^4 from the centre line to the margins (n = -1, 1) and is zero beyond; it is highest
    halfway, as below an icefall. The annual maximum comes in spring at the terminus and later above. A surge
    starts at the terminus halfway through the record and runs up the glacier within half a year.
    """
    along = (np.arange(spec.width) + 0.5) / spec.width
    down = ((np.arange(spec.height) + 0.5) / spec.height)[:, None]
    bend = 2.0 * np.pi * (along - 0.5)
    across = (down - (0.5 + 0.14 * np.sin(bend))) / (0.30 + 0.06 * np.cos(bend))

    fast = 0.5 + 0.5 * np.exp(-(((along - 0.5) / 0.25) ** 2))
    profile = np.clip(1.0 - across**4, 0.0, None) * fast
    tangent = np.stack([np.full(spec.width, float(spec.width)), -0.28 * np.pi * np.cos(bend) * spec.height])
    flow = (tangent / np.hypot(*tangent))[:, None, :] * profile

    mean = spec.speed * flow
    peak = 2.0 * np.pi * (_SPRING_PEAK_DAY + _PEAK_LAG_DAYS * (1.0 - along)) / PERIOD_DAYS
    truth = Truth(
        mean=mean,
        sine=mean * (spec.seasonal * np.sin(peak)),
        cosine=mean * (spec.seasonal * np.cos(peak)),
        pulse=spec.surge_speed * flow,
        pulse_day=np.broadcast_to(sum(spec.days) / 2.0 + _FRONT_DAYS * (0.5 - along), profile.shape),
        pulse_scale=PULSE_SCALE_DAYS,
    )
    seen = np.interp(np.abs(across), [0.7, 1.2, 1.45], [1.0, 0.35, 0.0])
    with np.errstate(divide="ignore"):
        opacity = -np.log((1.0 - spec.dropout) * seen).astype(np.float32)
    return Glacier(truth, profile > 0.0, opacity)
