"""What image matching would read: true displacements with the errors of images, pairs and matching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.synthetic.network import Network
from workers.synthetic.spec import SyntheticCube
from workers.synthetic.truth import YEAR_DAYS, Truth

MISSING, SATURATED = -32767, 32767
CELL, LAYERS = 10, 20_000
_BLOCK_STREAM = 1
_LARGEST_READ_SHARE = 0.6
_BLUNDER_SPEEDS = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Values of one chunk, each (layers, rows, columns) int16, m/yr, `MISSING` where there is none."""

    vx: np.ndarray
    vy: np.ndarray
    v: np.ndarray
    v_error: np.ndarray


def observe(
    spec: SyntheticCube,
    network: Network,
    truth: Truth,
    opacity: np.ndarray,
    chunk: tuple[int, int, int],
) -> Readings:
    """Read one chunk; `truth` and `opacity` are those of its pixels.

    Each chunk draws from a stream of its own. A velocity is a displacement between the calendar days of the
    images, divided by the whole days between them, in metres per 365 days.
    Stored integers saturate at 32767, as the real ones do.
    """
    layers = slice(chunk[0] * LAYERS, (chunk[0] + 1) * LAYERS)
    first, second = network.first[layers], network.second[layers]
    baseline = network.baseline[layers]
    rng = spec.generator(_BLOCK_STREAM, *chunk)
    shape = (baseline.size, *opacity.shape)

    positions = truth.positions(network.day)
    motion = (positions[second] - positions[first]).astype(np.float32)
    noise = rng.standard_normal(motion.shape, np.float32)
    noise *= np.float32(spec.pair_noise)
    noise += (network.shift[second] - network.shift[first]).astype(np.float32)[:, :, None, None]
    seen = rng.standard_exponential(shape, np.float32) >= opacity * network.cover[layers][:, None, None]
    if spec.decorrelated_share:
        far = np.flatnonzero(baseline > spec.decorrelated_beyond)
        lost = rng.random((far.size, *shape[1:]), np.float32) < spec.decorrelated_share
        read = rng.random(lost.shape, np.float32) * np.float32(_LARGEST_READ_SHARE)
        motion[far] *= np.where(lost, read, np.float32(1.0))[:, None]
    velocity = (motion + noise) * (YEAR_DAYS / baseline).astype(np.float32)[:, None, None, None]
    if spec.blunders:
        layer, row, column = np.nonzero(rng.random(shape, np.float32) < spec.blunders)
        speed = rng.random(layer.size) * (_BLUNDER_SPEEDS * spec.speed)
        angle = rng.random(layer.size) * (2.0 * np.pi)
        velocity[layer, :, row, column] = np.stack([speed * np.cos(angle), speed * np.sin(angle)], axis=1)
    # Both components state one error, so autoRIFT's quadrature of them along the flow is that error itself.
    error = network.error[layers][:, None, None]
    vx, vy = velocity[:, 0], velocity[:, 1]
    return Readings(*(_stored(values, seen) for values in (vx, vy, np.hypot(vx, vy), error)))


def _stored(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    whole = np.clip(np.rint(values), MISSING + 1, SATURATED).astype(np.int16)
    return np.where(seen, whole, np.int16(MISSING))
