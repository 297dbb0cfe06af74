"""The nearest distribution with given moments: relative entropy is least, whatever is not asked for stays as it was.

Three forms of one principle (Kullback's minimum discrimination information):

* `rake`: of a Gaussian, where variances and some covariances are given. Iterative proportional fitting (Deming and
  Stephan 1940; for Gaussians Speed and Kiiveri 1986): each step sets one block and moves the others as their regression
  on it says.
* `carried`: the linear map that makes one covariance of another and moves points least (optimal transport between
  Gaussians, Olkin and Pukelsheim 1982).
* `tilt`: of a sample. Weights ``exp(moments @ multipliers)`` are those nearest to equal ones (Csiszar 1975; entropy
  balancing, Hainmueller 2012); their multipliers solve a smooth convex problem.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from scipy.optimize import minimize

from eutone._errors import SolveError

__all__ = ["carried", "effective", "rake", "resample", "tilt"]

Array = NDArray[np.float64]


def rake(
    covariance: Array, variances: Array, covariances: Mapping[tuple[int, int], float] | None = None, rounds: int = 5000
) -> Array:
    """The Gaussian covariance nearest to ``covariance`` (k, k) with these ``variances`` (k,) and ``covariances``.

    Raises
    ------
    SolveError
        If the rounds do not settle: the blocks contradict each other.
    """
    found = np.array(covariance, dtype=np.float64)
    blocks = [(np.array([k]), np.array([[v]])) for k, v in enumerate(variances)]
    for (i, j), value in (covariances or {}).items():
        blocks.append((np.array([i, j]), np.array([[variances[i], value], [value, variances[j]]])))
    for _ in range(rounds):
        worst = 0.0
        for at, wanted in blocks:
            own = found[np.ix_(at, at)]
            worst = max(worst, float(np.abs(own / wanted - 1.0).max()))
            slope = np.linalg.solve(own, found[at]).T
            found += slope @ (wanted - own) @ slope.T
        if worst < 1e-8:
            return (found + found.T) / 2
    raise SolveError(
        f"variances and covariances contradict each other: after {rounds} rounds one still misses by {worst:.1%}"
    )


def carried(before: Array, after: Array) -> Array:
    """The symmetric map ``m`` with ``m @ before @ m.T == after`` (k, k): it moves Gaussian points least."""
    root = np.real(sqrtm(before))
    back = np.linalg.inv(root)
    return np.asarray(back @ np.real(sqrtm(root @ after @ root)) @ back)


def tilt(moments: Array, wanted: Array) -> tuple[Array, Array]:
    """Weights (n,), nearest to equal ones, under which the means of ``moments`` (n, k) are ``wanted`` (k,).

    Returns
    -------
    weights : array, (n,)
        They sum to 1.
    multipliers : array, (k,)
        ``weights`` are ``exp((moments - wanted) @ multipliers)``, scaled.

    Raises
    ------
    SolveError
        If no weights do that: a moment lies outside what the sample holds.
    """
    centred = moments - wanted

    def weighted(multipliers: Array) -> tuple[float, Array]:
        heights = centred @ multipliers
        top = heights.max()
        raw = np.exp(heights - top)
        return float(top + np.log(raw.sum())), raw / raw.sum()

    def value(multipliers: Array) -> tuple[float, Array]:
        height, weights = weighted(multipliers)
        return height, weights @ centred

    def curvature(multipliers: Array) -> Array:
        weights = weighted(multipliers)[1]
        mean = weights @ centred
        return np.asarray((centred * weights[:, None]).T @ centred - np.outer(mean, mean))

    found = minimize(value, np.zeros(moments.shape[1]), jac=True, hess=curvature, method="trust-exact",
                     options={"gtol": 1e-9, "maxiter": 500})  # fmt: skip
    weights = weighted(found.x)[1]
    missed = np.abs(weights @ centred)
    if not np.all(missed < 1e-5 * np.maximum(1.0, np.abs(centred).max(axis=0))):
        raise SolveError(
            f"no weights of these {len(moments)} give the wanted moments: number {int(missed.argmax())} of "
            f"{len(missed)} misses by {missed.max():.3g}"
        )
    return weights, found.x


def effective(weights: Array) -> float:
    """How many equal weights these are worth (Kish): ``1 / sum w**2`` for weights that sum to 1."""
    return float(1.0 / np.sum(np.square(weights)))


def resample(weights: Array, n: int, start: float) -> NDArray[np.intp]:
    """Rows of ``n`` equal people that stand for the weighted ones: systematic, ``start`` in [0, 1)."""
    return np.searchsorted(np.cumsum(weights) / np.sum(weights), (np.arange(n) + start) / n).clip(max=len(weights) - 1)
