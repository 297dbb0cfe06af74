"""Whether this person fits the model at all.

For each marker the model predicts its value from all the others, under every explanation in proportion to its
evidence for the whole panel: as if all were equally common. How common they are is another question. (In proportion to
their probabilities a panel that only a rare defect explains would be a misfit of `none`, its errors would be taken
wider, and the defect would be hidden for good. In proportion to what the other markers say, a defect that one marker
shows would be a surprise, and every such patient a misfit.) A value that lies far out in that prediction is one that no
explanation makes sense of together with the rest. Leaving the marker out of its own
prediction makes its tail probability honest; the smallest, times the number of markers, is the p-value of the panel
(Bonferroni). A panel that does not fit is not trusted as much: its errors are taken wider.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.inference import student
from eutone.inference.evidence import ess_of, normalise
from eutone.inference.likelihood import Likelihood
from eutone.inference.posterior import Posterior
from eutone.inference.prepared import Prepared
from eutone.inference.smc import systematic
from eutone.inference.streams import stream

__all__ = ["Fit", "check", "widening"]

Array = NDArray[np.float64]

STRAINED = 0.05
DOES_NOT_FIT = 0.01
WIDER = {"fits": 1.0, "not-testable": 1.0, "strained": 1.5, "does-not-fit": 2.0}
"""How many times wider the specific errors become."""

_PEOPLE = 400
_STANDING = 0.01
"""Share of all evidence below which an explanation is not asked."""

_THIN = 20.0
"""Effective people of the bank below which the sampler's are asked instead."""


@dataclass(frozen=True)
class Fit:
    """How well a person fits.

    Attributes
    ----------
    status : str
        ``fits``, ``strained``, ``does-not-fit`` or ``not-testable``.
    p_value : float or None
    tails : array, (n_observations,)
        Two-sided probability of each value given the others.
    markers : tuple of str
        Markers that are surprising by themselves.
    """

    status: str
    p_value: float | None
    tails: Array
    markers: tuple[str, ...]


def widening(fit: Fit) -> float:
    """Factor on the specific errors that this fit calls for."""
    return WIDER[fit.status]


def check(ready: Prepared, posterior: Posterior, likelihood: Likelihood, *, seed: int = 0) -> Fit:
    """Predict each marker from the others, under each explanation in proportion to its evidence."""
    observations = likelihood.observations
    count = len(observations)
    if count < 2:
        return Fit("not-testable", None, np.full(count, np.nan), ())
    sides = np.zeros((2, count))
    possible = np.where(posterior.prior > 0, [e.log for e in posterior.evidence], -np.inf)
    shares, _ = normalise(possible)
    standing = np.flatnonzero(shares > _STANDING)
    for i in standing:
        share = float(shares[i] / shares[standing].sum())
        folds = ready.bank.log_readouts[ready.bank.rows(posterior.ids[i])]
        _, partial = likelihood.leave_one_out(folds)
        sampled = posterior.refined.get(posterior.ids[i])
        for k, o in enumerate(observations):
            weights, _ = normalise(partial[:, k])
            people = folds
            if sampled is not None and ess_of(weights) < _THIN:
                fit, rest = likelihood.leave_one_out(sampled.log_readouts)
                people, (weights, _) = sampled.log_readouts, normalise(rest[:, k] - fit)
            rows = systematic(weights, _PEOPLE, stream(seed, "discrepancy", posterior.ids[i], o.marker))
            mu = np.stack([other.predicted(people[rows]) for other in observations], axis=1)
            sides[:, k] += share * np.array(_tail(mu, likelihood, k))
    tails = np.minimum(2.0 * sides.min(axis=0), 1.0)
    p_value = float(min(1.0, count * tails.min()))
    status = "does-not-fit" if p_value < DOES_NOT_FIT else "strained" if p_value < STRAINED else "fits"
    surprising = tuple(o.marker for o, t in zip(observations, tails, strict=True) if count * t < STRAINED)
    return Fit(status, p_value, tails, surprising)


def _tail(mu: Array, likelihood: Likelihood, k: int) -> tuple[float, float]:
    """Probability below and above observation ``k``: mean over people, contexts and what the others say of ``z``."""
    o = likelihood.observations[k]
    scale = float(student.scale_of(o.sd))
    z, node_weights = likelihood.quadrature
    low, high, total = 0.0, 0.0, 0.0
    for context, probability in enumerate(likelihood.contexts):
        inner = np.tile(node_weights, (mu.shape[0], 1))
        for j, (measured, part) in enumerate(likelihood.factors(mu, context)):
            if j != k:
                inner = inner / student.raised(part) if measured else inner * part
        where = mu[:, k, None] + o.load * z
        share = inner / np.maximum(inner.sum(axis=1, keepdims=True), 1e-300)
        weight = probability
        if o.measured:
            below = float((share * student.cdf((o.low[context] - where) / scale)).sum(axis=1).mean())
            low, high = low + weight * below, high + weight * (1.0 - below)
        else:
            inside = student.interval((o.low[context] - where) / scale, (o.high[context] - where) / scale)
            chance = float((share * inside).sum(axis=1).mean())
            low, high = low + 0.5 * weight * chance, high + 0.5 * weight * chance
        total += weight
    return low / total, high / total
