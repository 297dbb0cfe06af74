"""Whether the answers are worth their numbers: simulated people, and how their answers are scored.

In every score the truth is drawn from the prior that the inference uses: an explanation first, a person of its bank
next, then measurements with the panel's noise, limits of detection and words. The person's own particle is left out of
the bank that judges them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from eutone.inference.classes import simulate
from eutone.inference.evidence import estimate
from eutone.inference.likelihood import Likelihood, Observation
from eutone.inference.posterior import probabilities
from eutone.inference.prepared import Prepared

__all__ = [
    "Rate",
    "brier",
    "calibration_error",
    "floor_of_calibration_error",
    "judge",
    "panel_of",
    "rank_band",
    "rank_of",
    "rate",
    "reliability",
]

Array = NDArray[np.float64]


def panel_of(likelihood: Likelihood, mu: Array, rng: np.random.Generator) -> Likelihood:
    """The panel of a simulated person, in the form of ``likelihood``.

    Parameters
    ----------
    likelihood : Likelihood
        Which markers, with what noise, limits of detection and words. Its values do not matter.
    mu : array, (n_observations,)
        The person's true ln folds.
    """
    context = int(rng.choice(len(likelihood.contexts), p=likelihood.contexts))
    y = simulate(mu[None], likelihood.observations, rng)[0]
    return replace(
        likelihood,
        observations=tuple(_with(o, float(v), context) for o, v in zip(likelihood.observations, y, strict=True)),
    )


def _with(o: Observation, value: float, context: int) -> Observation:
    """``o`` with another person's value, in the form in which ``o`` was reported."""
    if o.cuts:
        low, high = o.cuts
        cell = (-np.inf, low) if value <= low else (low, high) if value <= high else (high, np.inf)
        return replace(o, low=(cell[0],) * len(o.low), high=(cell[1],) * len(o.low))
    if not o.measured and o.low[context] < value <= o.high[context]:
        return o
    edge = o.low if np.isfinite(o.low[context]) else o.high  # contexts differ by where the healthy centre lies
    places = tuple(value + e - edge[context] for e in edge)
    return replace(o, low=places, high=places)


def judge(
    ready: Prepared, likelihood: Likelihood, *, leave_out: int | None = None, prior: Array | None = None
) -> Array:
    """Posterior probabilities of the explanations from the bank alone.

    Parameters
    ----------
    leave_out : int, optional
        Row of the bank that is the person, and must not recognise itself.
    prior : array, optional
        Instead of that of ``ready``.
    """
    fit = likelihood(ready.bank.log_readouts)
    if leave_out is not None:
        fit[leave_out] = -np.inf
    edges = ready.bank.edges
    logs = [estimate(fit[a:b]).log for a, b in pairwise(edges)]
    return probabilities(ready.weights if prior is None else prior, np.array(logs))


def rank_of(probability: Array, ids: Sequence[str], truth: Sequence[str], members: Sequence[Sequence[str]]) -> int:
    """Rank (1 is first) of the class that holds one of ``truth`` among classes by probability."""
    share = {e: float(p) for e, p in zip(ids, probability, strict=True)}
    totals = [sum(share[e] for e in group) for group in members]
    own = [k for k, group in enumerate(members) if set(group) & set(truth)]
    best = max(own, key=lambda k: totals[k])
    return 1 + sum(total > totals[best] for k, total in enumerate(totals) if k not in own)


@dataclass(frozen=True)
class Rate:
    """``count`` of ``n``, and its 95 % interval (Wilson)."""

    count: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share; NaN of nothing."""
        return self.count / self.n if self.n else float("nan")

    def not_below(self, expected: float) -> bool:
        """Whether the count is not below ``expected`` at one-sided 95 %."""
        return not self.n or float(stats.binom.cdf(self.count, self.n, min(expected, 1.0))) >= 0.05

    def not_above(self, expected: float) -> bool:
        """Whether the count is not above ``expected`` at one-sided 95 %."""
        return not self.n or float(stats.binom.sf(self.count - 1, self.n, expected)) >= 0.05


def rate(count: int, n: int) -> Rate:
    """A rate with its interval."""
    if not n:
        return Rate(0, 0, 0.0, 1.0)
    z, p = 1.959963984540054, count / n
    centre, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Rate(count, n, float(max((centre - half) / scale, 0.0)), float(min((centre + half) / scale, 1.0)))


def brier(probability: Array, truth: NDArray[np.integer]) -> float:
    """Mean squared distance of ``(n, n_explanations)`` probabilities from the truth; 0 is best, 2 worst."""
    hit = np.zeros_like(probability)
    hit[np.arange(truth.size), truth] = 1.0
    return float(np.square(probability - hit).sum(axis=1).mean())


def reliability(stated: Array, right: NDArray[np.bool_], bins: int = 10) -> list[tuple[float, float, int]]:
    """(mean stated probability, share right, count) in equal bins of the stated probability; empty bins left out."""
    at = np.minimum((stated * bins).astype(np.int64), bins - 1)
    return [
        (float(stated[at == b].mean()), float(right[at == b].mean()), int((at == b).sum()))
        for b in range(bins)
        if np.any(at == b)
    ]


def calibration_error(stated: Array, right: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over equal bins."""
    table = reliability(stated, right, bins)
    return sum(n * abs(p - share) for p, share, n in table) / max(stated.size, 1)


def floor_of_calibration_error(stated: Array, rng: np.random.Generator, repeats: int = 200) -> float:
    """The error that perfectly calibrated answers with these probabilities have on average, from chance alone."""
    found = [calibration_error(stated, rng.random(stated.size) < stated) for _ in range(repeats)]
    return float(np.mean(found))


def rank_band(n: int, draws: int, quantities: int, level: float = 0.99, bins: int = 20) -> tuple[float, float]:
    """Lowest and highest count per bin of ``n`` uniform ranks that all bins of all quantities keep at ``level``."""
    tail = (1.0 - level) / (2.0 * bins * quantities)
    share = 1.0 / min(bins, draws + 1)
    return float(stats.binom.ppf(tail, n, share)), float(stats.binom.isf(tail, n, share))
