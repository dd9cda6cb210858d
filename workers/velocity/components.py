"""The two components of a pixel's motion: solved as one, with a common weight a pair, or each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from workers.velocity.choices import Weights
from workers.velocity.closure import RobustClosure, robust_solve
from workers.velocity.network import Network
from workers.velocity.prior import Prior


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The robust solution of a pixel."""

    parts: tuple[RobustClosure, ...]
    """One of both components, or one of each"""

    @property
    def positions(self) -> np.ndarray:
        """(p, 2) float64, metres along x and y, zero at the first date."""
        return self.gathered([part.closure.positions for part in self.parts])

    @property
    def psi(self) -> np.ndarray:
        """(m,) float64, robust weight of each pair, the mean of both components'."""
        first, *rest = self.parts
        return (first.psi + rest[0].psi) / 2 if rest else first.psi

    @property
    def iterations(self) -> int:
        """The most that any part took."""
        return max(part.iterations for part in self.parts)

    @property
    def converged(self) -> bool:
        """Whether all parts have."""
        return all(part.converged for part in self.parts)

    def gathered(self, of_parts: Sequence[np.ndarray]) -> np.ndarray:
        """Each component of what (n, 2) arrays say of the parts, from the part that solved for it."""
        first, *rest = of_parts
        return np.stack([first[:, 0], rest[0][:, 1]], axis=1) if rest else first


def solve_components(
    network: Network, q: np.ndarray, prior: Prior, coefficient: float, weights: Weights
) -> Components:
    """Solve robustly for both components; arguments as of `closure.robust_solve`."""
    if weights == "joint":
        return Components((robust_solve(network, q, prior, coefficient),))
    parts = []
    for along in np.eye(2):
        # The other component moves nowhere and is seen to: its residuals are zero in every solution.
        alone = replace(network, displacement=network.displacement * along)
        pulled = replace(prior, target=prior.target * along)
        parts.append(robust_solve(alone, q, pulled, coefficient, components=1))
    return Components(tuple(parts))
