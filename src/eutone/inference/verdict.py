"""What a panel told about a quantity, and what may be said about it.

Information is the Kullback-Leibler divergence of the posterior from the prior in bits, over 32 bins that are equally
probable under the prior. Both are samples, so that the plain estimate is too high and uncertain: a jackknife over
groups of particles takes the bias off and gives the Monte Carlo error. `verdict` is the one place where bits become
words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.inference.bank import Bank
from eutone.inference.posterior import GROUPS

__all__ = ["BINS", "Informed", "PriorSample", "informed", "prior_sample", "quantiles", "verdict"]

Array = NDArray[np.float64]

BINS = 32
PRIOR_ONLY_BITS = 0.05
PRIOR_ONLY_SE = 2.0
INFORMED_BITS = 0.5

_THIN = 20_000


def verdict(bits: float, se: float) -> str:
    """``prior-only`` below 0.05 bit or below 2 standard errors, ``informed`` from 0.5 bit, else ``weak``."""
    if bits < PRIOR_ONLY_BITS or bits < PRIOR_ONLY_SE * se:
        return "prior-only"
    return "informed" if bits >= INFORMED_BITS else "weak"


@dataclass(frozen=True)
class PriorSample:
    """A smaller weighted sample of the prior over all explanations: rows of the bank, and weights that sum to one."""

    rows: NDArray[np.int64]
    weights: Array
    owner: NDArray[np.int64]


def prior_sample(bank: Bank, prior: Array, size: int = _THIN) -> PriorSample:
    """The first rows of each explanation, about ``size`` in proportion to ``prior`` and at least 50 of each."""
    rows, weights, owner = [], [], []
    for i, share in enumerate(prior):
        start, stop = int(bank.edges[i]), int(bank.edges[i + 1])
        if share <= 0 or stop == start:
            continue
        n = min(max(50, round(size * float(share))), stop - start)
        rows.append(np.arange(start, start + n))
        weights.append(np.full(n, share / n))
        owner.append(np.full(n, i))
    found = np.concatenate(weights)
    return PriorSample(np.concatenate(rows), found / found.sum(), np.concatenate(owner))


def quantiles(values: NDArray[np.floating], weights: Array, probabilities: tuple[float, ...]) -> Array:
    """Weighted quantiles of each column.

    Parameters
    ----------
    values : array, (n, q)
    weights : array, (n,)
        Sum to one.

    Returns
    -------
    array, (len(probabilities), q)
        Interpolated between the middles of the steps of the weighted distribution function.
    """
    order = np.argsort(values, axis=0, kind="stable")
    found = np.empty((len(probabilities), values.shape[1]))
    for column in range(values.shape[1]):
        rows = order[:, column]
        w = weights[rows]
        found[:, column] = np.interp(probabilities, np.cumsum(w) - 0.5 * w, values[rows, column])
    return found


@dataclass(frozen=True)
class Informed:
    """What a panel told about each quantity; arrays are ``(n_quantities,)``.

    Attributes
    ----------
    bits, se : array
        Information and its Monte Carlo error.
    contraction : array
        ``1 - var(posterior) / var(prior)`` of the ln value; NaN for a quantity that does not vary.
    verdicts : tuple of str
    """

    bits: Array
    se: Array
    contraction: Array
    verdicts: tuple[str, ...]


def informed(
    prior_values: NDArray[np.floating],
    prior_weights: Array,
    values: NDArray[np.floating],
    weights: Array,
    group: NDArray[np.int64],
) -> Informed:
    """Compare posterior and prior, quantity by quantity.

    Parameters
    ----------
    prior_values, prior_weights : arrays, (m, q) and (m,)
        ln values under the prior.
    values, weights : arrays, (n, q) and (n,)
        ln values under the posterior.
    group : array, (n,)
        Jackknife group of each posterior particle, below `posterior.GROUPS`.
    """
    edges = quantiles(prior_values, prior_weights, tuple(np.arange(1, BINS) / BINS))
    count = values.shape[1]
    bits, se = np.empty(count), np.empty(count)
    for q in range(count):
        before = np.bincount(
            np.searchsorted(edges[:, q], prior_values[:, q], side="right"), prior_weights, minlength=BINS
        )
        bins = np.searchsorted(edges[:, q], values[:, q], side="right")
        table = np.bincount(group * BINS + bins, weights, minlength=GROUPS * BINS).reshape(GROUPS, BINS)
        bits[q], se[q] = _jackknifed(table.astype(np.float64), np.maximum(before, 1.0 / prior_weights.size))
    spread = _variance(prior_values, prior_weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        contraction = np.where(spread > 1e-14, 1.0 - _variance(values, weights) / spread, np.nan)
    return Informed(bits, se, contraction, tuple(verdict(b, s) for b, s in zip(bits, se, strict=True)))


def _variance(values: NDArray[np.floating], weights: Array) -> Array:
    mean = weights @ values.astype(np.float64)
    return np.asarray(weights @ np.square(values.astype(np.float64) - mean), dtype=np.float64)


def _divergence(mass: Array, before: Array) -> Array:
    """KL in bits of each row of ``mass`` (any total) from ``before`` (nowhere zero)."""
    p = mass / mass.sum(axis=-1, keepdims=True)
    return np.asarray(np.sum(np.where(p > 0, p * np.log2(np.maximum(p, 1e-300) / before), 0.0), axis=-1))


def _jackknifed(table: Array, before: Array) -> tuple[float, float]:
    """Divergence and its error from a table of weight by group and bin."""
    whole = table.sum(axis=0)
    left = np.maximum(whole - table, 0.0)
    filled = left.sum(axis=1) > 1e-12
    n = int(filled.sum())
    plain = float(_divergence(whole, before))
    if n < GROUPS:  # all weight in one group: nothing is known of the error but that it is as large as the estimate
        return plain, plain
    each = _divergence(left, before)
    centre = float(each.mean())
    value = n * plain - (n - 1) * centre
    return max(value, 0.0), float(np.sqrt((n - 1) / n * np.square(each - centre).sum()))
