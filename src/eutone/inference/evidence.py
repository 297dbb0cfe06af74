"""Evidence from a sample of the prior: its logarithm, its Monte Carlo error, and how many draws it rests on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Evidence", "ess_of", "estimate", "normalise"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """ln of the mean likelihood under a prior.

    Attributes
    ----------
    log : float
        Minus infinity where no particle explains the panel.
    se : float
        Standard error of ``log``.
    ess : float
        Effective sample size of the posterior.
    n : int
        Particles that it rests on.
    """

    log: float
    se: float
    ess: float
    n: int


def normalise(log_weights: Array) -> tuple[Array, float]:
    """Weights that sum to one, and ln of the sum of the given ones. All minus infinity: equal weights."""
    top = float(log_weights.max()) if log_weights.size else -np.inf
    if not np.isfinite(top):
        return np.full(log_weights.size, 1.0 / max(log_weights.size, 1)), -np.inf
    weights = np.exp(log_weights - top)
    total = float(weights.sum())
    return weights / total, top + float(np.log(total))


def ess_of(weights: Array) -> float:
    """Effective sample size ``(Σw)² / Σw²`` of weights in any unit."""
    square = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / square if square > 0 else 0.0


def estimate(log_likelihood: Array) -> Evidence:
    """Evidence from equally weighted draws of the prior, ``(n,)``.

    The error is that of a mean, by the delta method: ``se² = 1/ESS - 1/n``.
    """
    n = log_likelihood.size
    weights, log_sum = normalise(log_likelihood)
    ess = ess_of(weights)
    if not n or not np.isfinite(log_sum):
        return Evidence(-np.inf, 0.0, 0.0, n)
    return Evidence(log_sum - float(np.log(n)), float(np.sqrt(max(1.0 / ess - 1.0 / n, 0.0))), ess, n)
