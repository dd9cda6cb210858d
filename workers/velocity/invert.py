"""One pixel from selected pairs to its regular series."""

from __future__ import annotations

import numpy as np

from workers.linear.differences import residuals
from workers.linear.robust import radial_scale
from workers.velocity import quality
from workers.velocity.calibration import Solved, Verdict, error_factor
from workers.velocity.closure import stated_quality
from workers.velocity.coefficient import RULES, UNDECIDED, Choice, Scores, scores
from workers.velocity.components import Components, solve_components
from workers.velocity.datasets import dataset_quality, on_one_footing, shares
from workers.velocity.guess import DailyGuess
from workers.velocity.network import Network, network_of
from workers.velocity.parameters import VelocityParameters
from workers.velocity.prior import Prior, harmonics
from workers.velocity.selection import SelectedPairs
from workers.velocity.series import Flag, PixelSeries
from workers.velocity.spline import MEANS
from workers.windows import Windows

FOLLOWED_DAYS = 30
"""Longest interval between dates where a model is followed: a twelfth of its longest cycle, or so"""


def network_for(selected: SelectedPairs, parameters: VelocityParameters) -> Network:
    """The network of at least one pair on the dates that a user's regularisation needs.

    A model tells the motion between dates too: gaps get dates that it can be followed through.
    """
    network = network_of(selected)
    return network.refined(FOLLOWED_DAYS) if parameters.regularization == "model" else network


def close(
    network: Network, guess: DailyGuess | None, parameters: VelocityParameters, choice: Choice | None = None
) -> tuple[Components, Choice]:
    """The positions of a pixel with a user's regularisation and weights; no guess pulls to rest.

    Where a rule chooses the coefficient and no choice is given, the pixel's own pairs make it.
    """
    q = stated_quality(network) if parameters.error_weights else dataset_quality(network)
    prior = _prior(network, guess, parameters)
    chosen = choice or _own_choice(network, q, prior, parameters)
    return solve_components(network, q, prior, chosen.coefficient, parameters.weights), chosen


def scores_of(selected: SelectedPairs, guess: DailyGuess | None, parameters: VelocityParameters) -> Scores:
    """What the rule for the coefficient holds of its candidates by the pairs of one pixel, at least one."""
    network = on_one_footing(network_for(selected, parameters), selected.dataset, guess)
    q = stated_quality(network) if parameters.error_weights else dataset_quality(network)
    return scores(network, q, _prior(network, guess, parameters), parameters.coefficient, parameters.weights)


def error_factor_of(
    selected: SelectedPairs, guess: DailyGuess | None, parameters: VelocityParameters, choice: Choice
) -> float:
    """How much larger the errors of one pixel are than stated (`calibration`), from at least one pair."""
    network = on_one_footing(network_for(selected, parameters), selected.dataset, guess)
    solved, _ = close(network, guess, parameters, choice)
    return error_factor(_solved(selected, network, solved, choice, parameters), parameters)


def _solved(
    selected: SelectedPairs,
    network: Network,
    solved: Components,
    choice: Choice,
    parameters: VelocityParameters,
) -> Solved:
    return Solved(
        selected, network, solved, choice.coefficient, lambda guess: _prior(network, guess, parameters)
    )


def _own_choice(network: Network, q: np.ndarray, prior: Prior, parameters: VelocityParameters) -> Choice:
    if not isinstance(parameters.coefficient, str):
        return Choice(parameters.coefficient)
    told = scores(network, q, prior, parameters.coefficient, parameters.weights)
    return RULES[parameters.coefficient].decide([told]) or Choice(UNDECIDED)


def _prior(network: Network, guess: DailyGuess | None, parameters: VelocityParameters) -> Prior:
    target, columns = np.zeros((network.days.size, 2)), None
    if parameters.regularization == "accel" and guess is not None:
        target = guess.positions(network.days)
    elif parameters.regularization == "model":
        columns = harmonics(network.days)
    return Prior(target, columns, parameters.penalty)


def invert_pixel(
    selected: SelectedPairs,
    guess: DailyGuess | None,
    windows: Windows,
    parameters: VelocityParameters,
    verdict: Verdict | None = None,
    errors: bool = True,
) -> PixelSeries:
    """The regular series of one pixel.

    Every pixel has an answer. Without pairs all windows are NaN and flagged `no_data`, as are windows that
    share no time with the pixel's record. A window that the record covers in part is the mean over that part
    and flagged `edge`. Where `gaps` is `mask`, windows flagged `filled` have no value either.

    Args:
        selected: the pixel's pairs.
        guess: the mean guess of its neighbourhood, over the pixel's own record.
        windows: where values are asked for; they change nothing in the inversion.
        parameters: the user's choices.
        verdict: what the pixel's cell has decided (`cells`); without, the pixel's own pairs do.
        errors: propagate the errors of the pairs; without, they and the intervals are NaN, and the pixel
            costs about a third less.
    """
    if not len(selected):
        return _without_data(selected, len(windows))
    network = network_for(selected, parameters)
    stated = network.error
    network = on_one_footing(network, selected.dataset, guess)
    solved, choice = close(network, guess, parameters, verdict and verdict.choice)
    positions, psi = solved.positions, solved.psi
    means = MEANS[parameters.interpolation](network.days, windows)

    velocity = means.velocity(positions)
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    error = correlation = np.full((len(means), 2), np.nan)
    if errors:
        propagated = [quality.window_errors(network, part.closure, means) for part in solved.parts]
        error, correlation = (solved.gathered(each) for each in zip(*propagated, strict=True))
    speed_error = quality.speed_error(velocity, error)
    left = residuals(network.first, network.second, network.displacement, positions)
    scale = quality.error_scale(network, left, psi)
    if parameters.interval == "calibrated" and errors:
        factor = verdict.error_factor if verdict else np.nan
        if np.isnan(factor):
            factor = error_factor(_solved(selected, network, solved, choice, parameters), parameters)
        scale = scale if np.isnan(factor) else factor
    reach = quality.quantile(psi, parameters.level) * speed_error
    if parameters.interval != "theoretical":
        reach = reach * scale
    count = quality.counts(network, psi, means)
    vvc = quality.coherence(velocity)
    quality_flag = np.full(len(windows), int(Flag.no_data), np.uint8)
    quality_flag[means.covered] = np.bitwise_or.reduce(
        [quality.raised_flags(network, part, means, count, vvc, windows) for part in solved.parts]
    )
    columns = {
        "vx": velocity[:, 0],
        "vy": velocity[:, 1],
        "v": speed,
        "vx_error": error[:, 0],
        "vy_error": error[:, 1],
        "v_error": speed_error,
        "vx_error_lag1": correlation[:, 0],
        "vy_error_lag1": correlation[:, 1],
        "v_low": np.maximum(speed - reach, 0.0),
        "v_high": speed + reach,
        "count": count,
    }
    full = np.full((len(columns), len(windows)), np.nan, np.float32)
    full[:, means.covered] = list(columns.values())
    if parameters.gaps == "mask":
        full[:, quality_flag & Flag.filled != 0] = np.nan
    return PixelSeries(
        **dict(zip(columns, full, strict=True)),
        quality_flag=quality_flag,
        vvc=np.float32(vvc),
        error_scale=np.float32(scale),
        residual_nmad=radial_scale(quality.squared_length(left)),
        coefficient=np.float32(choice.coefficient),
        curve=choice.curve,
        iterations=solved.iterations,
        converged=solved.converged,
        valid=selected.valid,
        used=len(selected),
        rejected=dict(selected.rejected),
        rows=selected.rows,
        weights=psi.astype(np.float32),
        shares=shares(network, selected.dataset, stated, left) if parameters.datasets else (),
    )


def _without_data(selected: SelectedPairs, windows: int) -> PixelSeries:
    """The answer of a pixel that no pair is left of: nothing known, and said so."""
    columns = ("vx", "vy", "v", "v_low", "v_high", "count")
    errors = ("vx_error", "vy_error", "v_error", "vx_error_lag1", "vy_error_lag1")
    return PixelSeries(
        **{name: np.full(windows, np.nan, np.float32) for name in columns + errors},
        quality_flag=np.full(windows, int(Flag.no_data), np.uint8),
        vvc=np.float32(np.nan),
        error_scale=np.float32(np.nan),
        residual_nmad=float("nan"),
        coefficient=np.float32(np.nan),
        curve=(),
        iterations=0,
        converged=False,
        valid=selected.valid,
        used=0,
        rejected=dict(selected.rejected),
        rows=selected.rows,
        weights=np.zeros(0, np.float32),
    )
