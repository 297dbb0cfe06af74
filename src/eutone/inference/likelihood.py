"""How probable a panel is, given what the model predicts for a person.

Observation ``k`` is a value, or an interval, of::

    y_k = sum_j coefficient_kj * ln f_j + load_k * z + e_k

``f`` are the read-outs in fold of the default body; ``z`` is standard normal and shared by the markers of one CSF
sample (flow, gradient, fraction, dilution); ``e_k`` is Student-t (`student` says of how many degrees), independent, and
holds the specific, laboratory, within-person and analytic parts. ``y`` is what was measured as ln fold of the
healthy centre (`observe`).

``z`` is integrated by Gauss-Hermite quadrature, markers are multiplied inside it: the panel's likelihood is exact for
this noise. Where age or sex was not said the centres differ by *context*, and the likelihood is averaged over contexts.

Blocks of particles are handled by a thread each and hold no shared state, so any number of threads gives the same bits.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eutone.inference import student

__all__ = ["Likelihood", "Observation", "nodes"]

Array = NDArray[np.float64]

_NODES = 21
_BLOCK = 1024
"""Particles at a time: a block of particles by nodes stays in the second-level cache."""


def nodes(n: int = _NODES) -> tuple[Array, Array]:
    """Points and weights of the standard normal, ``(n,)`` each; weights sum to one."""
    points, weights = np.polynomial.hermite_e.hermegauss(n)
    return points, weights / weights.sum()


@dataclass(frozen=True)
class Observation:
    """One marker as the likelihood sees it. Lengths are ln fold of the healthy centre.

    Attributes
    ----------
    marker : str
        Id of the marker.
    terms : tuple of (int, float)
        Columns of the read-outs and their coefficients: one with 1.0, or two of opposite sign for a ratio.
    low, high : tuple of float, (n_contexts,)
        Where the value lies. Equal: it was measured. Different, possibly infinite: it lies between.
    load : float
        Of the shared CSF factor.
    sd : float
        Standard deviation of everything else.
    cuts : tuple of float
        For a result in words: where ``low`` ends and ``high`` begins. Empty: an interval is a limit of detection, and a
        value beyond it would have been a number.
    """

    marker: str
    terms: tuple[tuple[int, float], ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    load: float
    sd: float
    cuts: tuple[float, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether the value is a number, not an interval."""
        return self.low == self.high

    def predicted(self, log_readouts: NDArray[np.floating]) -> Array:
        """Ln fold of this marker for each particle, ``(n,)``, without noise."""
        total = np.zeros(log_readouts.shape[0])
        for column, coefficient in self.terms:
            total += coefficient * log_readouts[:, column].astype(np.float64)
        return total


@dataclass(frozen=True)
class Likelihood:
    """The likelihood of one panel.

    Attributes
    ----------
    observations : tuple of Observation
    contexts : tuple of float, (n_contexts,)
        Probability of each context; sums to one.
    threads : int
    """

    observations: tuple[Observation, ...]
    contexts: tuple[float, ...] = (1.0,)
    threads: int = 1

    def __call__(self, log_readouts: NDArray[np.floating]) -> Array:
        """Ln likelihood of each particle, ``(n,)``; ``log_readouts`` is ``(n, n_readouts)``."""
        return self._evaluate(log_readouts, leave_out=False)[0]

    def leave_one_out(self, log_readouts: NDArray[np.floating]) -> tuple[Array, Array]:
        """Ln likelihood, ``(n,)``, and the same without each observation in turn, ``(n, n_observations)``."""
        return self._evaluate(log_readouts, leave_out=True)

    def widened(self, factor: float) -> Likelihood:
        """The same panel with every specific error ``factor`` times as wide."""
        return replace(self, observations=tuple(replace(o, sd=o.sd * factor) for o in self.observations))

    def without(self, index: int) -> Likelihood:
        """The same panel without observation ``index``."""
        kept = self.observations[:index] + self.observations[index + 1 :]
        return replace(self, observations=kept)

    def _evaluate(self, log_readouts: NDArray[np.floating], *, leave_out: bool) -> tuple[Array, Array]:
        n, k = log_readouts.shape[0], len(self.observations)
        total = np.zeros(n)
        partial = np.zeros((n, k if leave_out else 0))
        if not k or not n:
            return total, partial

        def run(start: int) -> None:
            rows = slice(start, min(start + _BLOCK, n))
            mu = np.stack([o.predicted(log_readouts[rows]) for o in self.observations], axis=1)
            total[rows], partial[rows] = self._block(mu, leave_out)

        starts = range(0, n, _BLOCK)
        if self.threads > 1 and len(starts) > 1:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(run, starts))
        else:
            for start in starts:
                run(start)
        return total, partial

    @cached_property
    def quadrature(self) -> tuple[Array, Array]:
        """Nodes and weights of the shared factor; a single node where no marker loads on it."""
        loaded = any(o.load != 0 for o in self.observations)
        return nodes() if loaded else (np.zeros(1), np.ones(1))

    def factors(self, mu: Array, context: int = 0) -> list[tuple[bool, Array]]:
        """Each observation's part at every node.

        Parameters
        ----------
        mu : array, (n, n_observations)
            Predicted ln fold.

        Returns
        -------
        list of (bool, array)
            True and ``1 + t²/DOF`` (the density is the reciprocal of `student.raised` of it, up to a constant),
            ``(n, n_nodes)`` or ``(n, 1)`` for a marker without load; False and the probability of the interval.
        """
        z, _ = self.quadrature
        found = []
        for column, o in enumerate(self.observations):
            scale = float(student.scale_of(o.sd))
            shift = (z * (o.load / scale))[None, :] if o.load != 0 else np.zeros((1, 1))
            at = mu[:, column, None] / scale
            if o.measured:
                t = (o.low[context] / scale - at) - shift
                np.square(t, out=t)
                t *= 1.0 / student.DOF
                t += 1.0
                found.append((True, t))
            else:
                where = at + shift
                p = student.interval(o.low[context] / scale - where, o.high[context] / scale - where)
                found.append((False, p))
        return found

    def _block(self, mu: Array, leave_out: bool) -> tuple[Array, Array]:
        logs = []
        parts = []
        for context, probability in enumerate(self.contexts):
            log, part = self._context(mu, context, leave_out)
            logs.append(log + np.log(probability))
            parts.append(part + np.log(probability))
        if len(logs) == 1:
            return logs[0], parts[0]
        return np.logaddexp.reduce(logs), np.logaddexp.reduce(parts)

    def _context(self, mu: Array, context: int, leave_out: bool) -> tuple[Array, Array]:
        _, weights = self.quadrature
        n, k = mu.shape
        found = self.factors(mu, context)
        product = np.ones((n, weights.size))  # of 1 + t²/DOF over measured markers
        chance = np.ones((n, weights.size))  # of interval probabilities
        constant = np.zeros(k)
        for column, (measured, part) in enumerate(found):
            if measured:
                product *= part
                constant[column] = student.LOG_NORM - float(np.log(student.scale_of(self.observations[column].sd)))
            else:
                chance *= part
        best = product.min(axis=1, keepdims=True)
        ratio = best / product
        inner = student.raised(ratio) * chance * weights
        log_best = -student.POWER * np.log(best[:, 0])
        total = log_best + constant.sum() + np.log(np.maximum(inner.sum(axis=1), 1e-300))
        partial = np.empty((n, k if leave_out else 0))
        if leave_out:
            for column, (measured, part) in enumerate(found):
                rest = inner * student.raised(part) if measured else inner / part
                inside = np.log(np.maximum(rest.sum(axis=1), 1e-300))
                partial[:, column] = log_best + constant.sum() - constant[column] + inside
        return total, partial
