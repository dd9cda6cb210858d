"""A series against velocities that were measured on the ice, whatever their dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.scores.measures import bias, coverage, kge, rmse
from workers.velocity.series import Flag, PixelSeries
from workers.windows import Windows

LEAST_COVERED = 0.5
"""Share of a window that references must cover, or of a long reference that windows must"""


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """k velocities of one place, each the mean over its own time; m/yr of 365 days, on the ground."""

    start: np.ndarray
    """(k,) float64, days since 1970-01-01"""
    end: np.ndarray
    """(k,) float64, later than start"""
    speed: np.ndarray
    """(k,) float64"""
    vector: np.ndarray
    """(k, 2) float64 along the axes of the grid; NaN where only the speed is known"""
    error: np.ndarray
    """(k,) float64, stated 1-sigma error of the speed; NaN where none is stated"""

    def __len__(self) -> int:
        return self.start.size


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """References and a series brought to the same times, n of them."""

    estimate: np.ndarray
    """(n, 3) m/yr: v, vx, vy of the series"""
    truth: np.ndarray
    """(n, 3) m/yr, of the references; vx and vy NaN where only speeds are known"""
    low: np.ndarray
    high: np.ndarray
    """(n,) the interval of v; NaN for means over several windows, whose interval is not known"""
    error: np.ndarray
    """(n,) 1-sigma error of the mean of the references, their errors taken as independent; NaN if unknown"""
    unused: int
    """References that no time has"""

    def __len__(self) -> int:
        return self.low.size


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near one component comes; NaN where it is not known."""

    rmse: float
    bias: float
    kge: float


@dataclass(frozen=True, slots=True)
class ReferenceScore:
    """How near a series comes to references."""

    windows: int
    """Times that are compared"""
    unused: int
    """References that none of these has"""
    mean: float
    """Speed of the references, m/yr"""
    error: float
    """Root mean square of their stated errors, m/yr: the floor of every figure; NaN if none is stated"""
    v: Agreement
    vx: Agreement
    vy: Agreement
    coverage: float
    """Share of the intervals of v that hold the reference"""

    @classmethod
    def of(cls, compared: Compared) -> ReferenceScore:
        """Sum up."""
        columns = zip(compared.estimate.T, compared.truth.T, strict=True)
        v, vx, vy = (Agreement(rmse(*pair), bias(*pair), kge(*pair)) for pair in columns)
        stated = compared.error[np.isfinite(compared.error)]
        return cls(
            windows=len(compared),
            unused=compared.unused,
            mean=float(compared.truth[:, 0].mean()) if len(compared) else float("nan"),
            error=float(np.sqrt(np.mean(stated**2))) if stated.size else float("nan"),
            v=v,
            vx=vx,
            vy=vy,
            coverage=coverage(compared.low, compared.high, compared.truth[:, 0]),
        )


def pooled(parts: list[Compared]) -> Compared:
    """Several places as one."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("estimate", "truth", "low", "high", "error")
    }
    return Compared(**columns, unused=sum(part.unused for part in parts))


def compare(windows: Windows, series: PixelSeries, references: References) -> Compared:
    """Bring references and a series to the same times.

    References no longer than a window are averaged over each window, weighted by the days that they share
    with it; a window counts if they cover half of it. Of a longer one the mean of the windows is taken, those
    too weighted by shared days, if they cover half of it. Where vectors are known they are averaged, and
    speeds are those of the mean vectors, as in the series. Windows without a value play no part, nor those
    flagged `edge`, which are means over a part of their time.
    """
    told = np.isfinite(series.v) & ((series.quality_flag & Flag.edge) == 0)
    start, end = windows.start[told].astype(np.float64), windows.end[told].astype(np.float64)
    shared = np.minimum(references.end[:, None], end) - np.maximum(references.start[:, None], start)
    shared = np.maximum(shared, 0.0)
    longest = (windows.end - windows.start).max()
    long = references.end - references.start > longest
    values = np.stack([series.v, series.vx, series.vy], axis=1)[told].astype(np.float64)
    known = np.column_stack([references.speed, references.vector])

    covered = _covered(references.start[~long], references.end[~long], start, end)
    windowed = covered >= LEAST_COVERED * (end - start)
    weight = _normalised(shared[~long][:, windowed].T)
    spans = _covered(start, end, references.start[long], references.end[long])
    spanned = spans >= LEAST_COVERED * (references.end - references.start)[long]
    over = _normalised(shared[long][spanned])

    nothing = np.full(np.count_nonzero(spanned), np.nan)
    used = (weight > 0).any(axis=0).sum() + np.count_nonzero(spanned)
    return Compared(
        estimate=np.concatenate([values[windowed], _mean(over, values)]),
        truth=np.concatenate([_mean(weight, known[~long]), known[long][spanned]]),
        low=np.concatenate([series.v_low[told][windowed], nothing]),
        high=np.concatenate([series.v_high[told][windowed], nothing]),
        error=np.concatenate(
            [np.sqrt(_dot(weight**2, references.error[~long] ** 2)), references.error[long][spanned]]
        ),
        unused=len(references) - int(used),
    )


def _normalised(weight: np.ndarray) -> np.ndarray:
    return weight / weight.sum(axis=1, keepdims=True)


def _mean(weight: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(n, 3) weighted means of (k, 3) v, vx, vy: speeds of the mean vectors where these are known."""
    mean = np.stack([_dot(weight, column) for column in columns.T], axis=1)
    along = np.hypot(mean[:, 1], mean[:, 2])
    mean[:, 0] = np.where(np.isfinite(along), along, mean[:, 0])
    return mean


def _dot(weight: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Weighted sums; NaN only where a value that has weight is."""
    unknown = ~np.isfinite(column)
    total = weight @ np.where(unknown, 0.0, column)
    return np.where((weight[:, unknown] > 0).any(axis=1), np.nan, total)


def _covered(start: np.ndarray, end: np.ndarray, begin: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(m,) days of each span `[begin, last)` that at least one of the spans `[start, end)` covers."""
    order = np.argsort(start, kind="stable")
    until = np.maximum.accumulate(end[order])
    # What each span adds to those that begin before it.
    fresh = np.maximum(start[order], np.concatenate([[-np.inf], until])[:-1])
    shared = np.minimum(until[:, None], last) - np.maximum(fresh[:, None], begin)
    return np.maximum(shared, 0.0).sum(axis=0)
