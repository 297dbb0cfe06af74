"""Tempered sequential Monte Carlo: where a bank is too thin for a panel, its particles are moved to where they fit.

The likelihood is raised to a power that grows from 0 to 1. At each stage particles are weighted by the growth,
resampled, and moved by preconditioned Crank-Nicolson steps ``u' = sqrt(1 - b²) u + b xi``, which leave the prior of
standard normals exactly invariant, so that only the likelihood ratio is accepted or refused (Cotter et al. 2013,
Statistical Science 28:424). The step ``b`` follows the acceptance of the step before. The product of mean weights
estimates the evidence without bias (Del Moral et al. 2006, JRSS B 68:411).

The first stage weighs the whole bank, so that what the bank already knows is not thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone._errors import SolveError
from eutone.engine.chunks import Stop
from eutone.inference.evidence import Evidence, ess_of, normalise
from eutone.inference.likelihood import Likelihood
from eutone.inference.prior import BodyLike, Prior
from eutone.inference.stopping import heed
from eutone.inference.streams import stream

__all__ = ["Refined", "Start", "refine", "systematic"]

Array = NDArray[np.float64]

PARTICLES = 512
MOVES = 4
"""Steps per stage."""

_ACCEPT = 0.3
_MOST_STAGES = 60


@dataclass(frozen=True)
class Start:
    """Equally weighted draws of the prior and what the body answered.

    Attributes
    ----------
    u : array, (n, size)
    log_readouts : array, (n, n_readouts)
    log_quantities : array, (n, n_quantities)
    """

    u: Array
    log_readouts: NDArray[np.floating]
    log_quantities: NDArray[np.floating]


@dataclass(frozen=True)
class Refined:
    """Equally weighted draws of the posterior under one explanation.

    Attributes
    ----------
    evidence : Evidence
        ``se`` adds the relative variances of the stages' mean weights, as if their particles were independent.
    u, log_readouts, log_quantities : arrays, (n, ...)
    log_likelihood : array, (n,)
    form : array, (n,)
        Form of the explanation.
    ancestor : array, (n,)
        Row of ``start`` that the draw descends from.
    stages, solves, failed : int
        ``failed`` proposals did not reach a steady state and were refused.
    acceptance : float
        Of the last stage.
    """

    evidence: Evidence
    u: Array
    log_readouts: NDArray[np.float32]
    log_quantities: NDArray[np.float32]
    log_likelihood: Array
    form: NDArray[np.int64]
    ancestor: NDArray[np.int64]
    stages: int
    solves: int
    failed: int
    acceptance: float


def systematic(weights: Array, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of a systematic resample of ``n`` from ``weights`` (which sum to one), in order."""
    edges = np.cumsum(weights)
    edges /= edges[-1]
    return np.minimum(np.searchsorted(edges, (np.arange(n) + rng.random()) / n), weights.size - 1).astype(np.int64)


def refine(
    body: BodyLike,
    prior: Prior,
    start: Start,
    likelihood: Likelihood,
    *,
    seed: int,
    particles: int = PARTICLES,
    moves: int = MOVES,
    threads: int | None = None,
    stop: Stop | None = None,
) -> Refined:
    """Sample the posterior under one explanation, and estimate its evidence.

    Raises
    ------
    SolveError
        If no draw of the prior explains the panel at all, or the likelihood cannot be reached in 60 stages.
    StoppedError
        If ``stop`` was set.
    """
    rng = stream(seed, "smc", prior.explanation.id)
    moving = body.looking_at({column for o in likelihood.observations for column, _ in o.terms})
    readouts = np.asarray(start.log_readouts, dtype=np.float32)
    quantities = np.asarray(start.log_quantities, dtype=np.float32)
    u, fit = start.u, likelihood(readouts)
    if not np.isfinite(fit).any():
        raise SolveError(f"no person drawn under '{prior.explanation.id}' explains the panel at all")
    ancestor = np.arange(u.shape[0], dtype=np.int64)
    power, log_evidence, variance = 0.0, 0.0, 0.0
    step, acceptance, solves, failed = 0.4, 1.0, 0, 0
    for stage in range(1, _MOST_STAGES + 1):
        grown = _next_power(fit, power, particles / 2)
        log_weights = (grown - power) * fit
        weights, log_sum = normalise(log_weights)
        log_evidence += log_sum - np.log(fit.size)
        variance += max(1.0 / ess_of(weights) - 1.0 / fit.size, 0.0)
        power = grown
        rows = systematic(weights, particles, rng)
        u, fit, ancestor = u[rows], fit[rows], ancestor[rows]
        readouts, quantities = readouts[rows], quantities[rows]
        for _ in range(moves):
            b = np.minimum(step * np.exp(0.5 * rng.standard_normal((particles, 1))), 0.95)
            proposed = np.sqrt(1 - b * b) * u + b * rng.standard_normal(u.shape)
            solved = moving.solve(prior.ln_factors(proposed), threads=threads, stop=stop)
            heed(stop, f"sampling: {prior.explanation.id}")  # those who were not finished would count as refused
            solves += particles
            new_readouts = np.asarray(solved.log_readouts, dtype=np.float32)
            new_quantities = np.asarray(solved.log_quantities, dtype=np.float32)
            good = (
                (np.asarray(solved.status) == 0)
                & np.isfinite(new_readouts).all(axis=1)
                & np.isfinite(new_quantities).all(axis=1)
            )
            failed += int(np.count_nonzero(~good))
            new_fit = np.full(particles, -np.inf)
            new_fit[good] = likelihood(new_readouts[good])
            taken = np.log(rng.random(particles)) < power * (new_fit - fit)
            u = np.where(taken[:, None], proposed, u)
            fit = np.where(taken, new_fit, fit)
            readouts = np.where(taken[:, None], new_readouts, readouts)
            quantities = np.where(taken[:, None], new_quantities, quantities)
            acceptance = float(taken.mean())
            step = float(np.clip(step * np.exp(2.0 * (acceptance - _ACCEPT)), 0.01, 0.9))
        if power >= 1.0:
            if moving is not body:
                # the posterior reports every read-out, so those who are left are asked for all
                solved = body.solve(prior.ln_factors(u), threads=threads, stop=stop)
                heed(stop, f"sampling: {prior.explanation.id}")
                good = np.flatnonzero(np.asarray(solved.status) == 0)
                if not good.size:
                    raise SolveError(f"nobody sampled under '{prior.explanation.id}' reached a steady state")
                solves, failed = solves + particles, failed + particles - good.size
                rows = np.sort(np.resize(good, particles))  # in place of those who failed, others twice
                readouts = np.asarray(solved.log_readouts, dtype=np.float32)[rows]
                quantities = np.asarray(solved.log_quantities, dtype=np.float32)[rows]
                u, fit, ancestor = u[rows], fit[rows], ancestor[rows]
            evidence = Evidence(float(log_evidence), float(np.sqrt(variance)), float(particles), start.u.shape[0])
            form = prior.forms(u).astype(np.int64)
            return Refined(evidence, u, readouts, quantities, fit, form, ancestor, stage, solves, failed, acceptance)
    raise SolveError(f"the sampler did not reach the panel under '{prior.explanation.id}' (power {power:.3g} of 1)")


def _next_power(fit: Array, power: float, least: float) -> float:
    """The largest next power whose weights keep an effective sample size of ``least``."""

    def enough(to: float) -> bool:
        return ess_of(normalise((to - power) * fit)[0]) >= least

    if enough(1.0):
        return 1.0
    low, high = power, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if enough(middle) else (low, middle)
    return max(low, power + 1e-6)
