"""From a bank and a likelihood to the posterior over explanations and over people.

Every explanation's evidence is first read off the bank. Where an explanation may matter for the answer and rests on too
few effective particles, the sampler (`smc`) takes over. The posterior is then one weighted sample over all of them.

The evidence of each explanation without each observation in turn comes with it: it drives what is said about which
measurement speaks for what (`drivers`), and whether a person fits (`discrepancy`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone._errors import SolveError
from eutone.engine.chunks import Stop
from eutone.inference.bank import Bank
from eutone.inference.evidence import Evidence, ess_of, estimate, normalise
from eutone.inference.likelihood import Likelihood
from eutone.inference.prepared import Prepared
from eutone.inference.prior import Prior
from eutone.inference.smc import Refined, Start, refine
from eutone.inference.stopping import heed

__all__ = ["GROUPS", "Posterior", "calibrate", "drivers", "probabilities"]

Array = NDArray[np.float64]

ENOUGH = 200.0
"""Effective particles below which an explanation that matters is sampled."""

MATTERS = 0.01
"""Share of the posterior, at three standard errors above its estimate, from which an explanation matters."""

GROUPS = 20
"""Particles fall into this many groups for the jackknife."""


@dataclass(frozen=True)
class Posterior:
    """A weighted sample of people over all explanations.

    Attributes
    ----------
    ids : tuple of str, (n_explanations,)
    prior, probability : array, (n_explanations,)
    evidence : tuple of Evidence
    without : array, (n_explanations, n_observations)
        ln evidence without each observation.
    owner, form, index, group : array, (n,)
        Explanation, form, number of the draw (in the bank, or in ``refined``) and jackknife group of each person.
    weights : array, (n,)
        Sum to one.
    log_readouts, log_quantities : array, (n, ...), float32
    log_likelihood : array, (n,)
    partial : array, (n, n_observations)
        ln likelihood without each observation.
    refined : dict of str to Refined
        Explanations that were sampled.
    solves, failed : int
        By the sampler.
    """

    ids: tuple[str, ...]
    prior: Array
    probability: Array
    evidence: tuple[Evidence, ...]
    without: Array
    owner: NDArray[np.int64]
    form: NDArray[np.int64]
    index: NDArray[np.int64]
    group: NDArray[np.int64]
    weights: Array
    log_readouts: NDArray[np.float32]
    log_quantities: NDArray[np.float32]
    log_likelihood: Array
    partial: Array
    refined: dict[str, Refined]
    solves: int
    failed: int

    @property
    def ess(self) -> float:
        """Effective sample size of the whole posterior."""
        return ess_of(self.weights)

    def form_shares(self, explanation: int) -> Array:
        """Posterior share of each form within an explanation; zeros where it has no weight."""
        mine = self.owner == explanation
        shares = np.asarray(np.bincount(self.form[mine], weights=self.weights[mine]), dtype=np.float64)
        total = shares.sum()
        return shares / total if total > 0 else shares


def probabilities(prior: Array, log_evidence: Array) -> Array:
    """Posterior probabilities of explanations.

    Raises
    ------
    SolveError
        If no explanation with a prior above zero explains the panel.
    """
    with np.errstate(divide="ignore"):
        weights, total = normalise(np.log(prior) + log_evidence)
    if not np.isfinite(total):
        raise SolveError("no explanation reaches this panel: not one of the simulated people is anywhere near it")
    return weights


def calibrate(
    ready: Prepared,
    likelihood: Likelihood,
    *,
    prior: Array | None = None,
    seed: int = 0,
    sample: bool = True,
    threads: int | None = None,
    stop: Stop | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Posterior:
    """The posterior of one panel.

    Parameters
    ----------
    ready : Prepared
        Body, explanations, treatment and bank.
    prior : array, (n_explanations,), optional
        Of the explanations, in the bank's order; that of ``ready`` if left out.
    sample : bool
        Whether to sample where the bank is too thin.

    Raises
    ------
    SolveError
        If nothing explains the panel.
    StoppedError
        If ``stop`` was set.
    """
    heed(stop, "weighing the panel")
    bank, prior = ready.bank, ready.weights if prior is None else prior
    fit, partial = likelihood.leave_one_out(bank.log_readouts)
    rows = [bank.rows(e) for e in bank.ids]
    evidence = [estimate(fit[r]) for r in rows]
    refined: dict[str, Refined] = {}
    if sample:
        refined = _sample(ready, prior, likelihood, evidence, seed, threads, stop, progress)
    for name, found in refined.items():
        evidence[bank.ids.index(name)] = found.evidence
    probability = probabilities(prior, np.array([e.log for e in evidence]))

    without = np.empty((len(bank.ids), partial.shape[1]))
    blocks = []
    for i, (name, r) in enumerate(zip(bank.ids, rows, strict=True)):
        if name in refined:
            block, without[i] = _sampled(refined[name], likelihood, probability[i])
        else:
            weights, _ = normalise(fit[r])
            for k in range(partial.shape[1]):
                without[i, k] = estimate(partial[r, k]).log
            at = np.arange(r.start, r.stop)
            index = bank.index[r]
            block = _Block(
                probability[i] * weights, bank.form[r], index, index % GROUPS, bank.log_readouts[at],
                bank.log_quantities[at], fit[r], partial[r],
            )  # fmt: skip
        blocks.append((i, block))
    return _joined(bank, prior, probability, tuple(evidence), without, blocks, refined)


@dataclass(frozen=True)
class _Block:
    weights: Array
    form: NDArray[np.int64]
    index: NDArray[np.int64]
    group: NDArray[np.int64]
    log_readouts: NDArray[np.float32]
    log_quantities: NDArray[np.float32]
    log_likelihood: Array
    partial: Array


_NEGLIGIBLE = 1e-7
"""Particles are dropped from the sample, lightest first, until this much of the posterior would be lost."""


def _joined(
    bank: Bank,
    prior: Array,
    probability: Array,
    evidence: tuple[Evidence, ...],
    without: Array,
    blocks: list[tuple[int, _Block]],
    refined: dict[str, Refined],
) -> Posterior:
    weights = np.concatenate([b.weights for _, b in blocks])
    order = np.argsort(weights, kind="stable")
    kept = np.sort(order[np.cumsum(weights[order]) > _NEGLIGIBLE])

    def join(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(b, name) for _, b in blocks])[kept]

    owner = np.concatenate([np.full(b.weights.size, i) for i, b in blocks])[kept]
    return Posterior(
        bank.ids,
        prior,
        probability,
        evidence,
        without,
        owner.astype(np.int64),
        join("form").astype(np.int64),
        join("index").astype(np.int64),
        join("group").astype(np.int64),
        weights[kept] / weights[kept].sum(),
        join("log_readouts").astype(np.float32),
        join("log_quantities").astype(np.float32),
        join("log_likelihood").astype(np.float64),
        join("partial").astype(np.float64),
        refined,
        sum(r.solves for r in refined.values()),
        sum(r.failed for r in refined.values()),
    )


def _sampled(found: Refined, likelihood: Likelihood, probability: float) -> tuple[_Block, Array]:
    fit, partial = likelihood.leave_one_out(found.log_readouts)
    without = np.array(
        [found.evidence.log + normalise(partial[:, k] - fit)[1] - np.log(fit.size) for k in range(partial.shape[1])]
    )
    n = fit.size
    block = _Block(
        np.full(n, probability / n),
        found.form,
        np.arange(n, dtype=np.int64),
        found.ancestor % GROUPS,
        found.log_readouts,
        found.log_quantities,
        fit,
        partial,
    )
    return block, without


def _sample(
    ready: Prepared,
    prior: Array,
    likelihood: Likelihood,
    evidence: list[Evidence],
    seed: int,
    threads: int | None,
    stop: Stop | None,
    progress: Callable[[str, float], None] | None,
) -> dict[str, Refined]:
    """Sample the explanations that may matter and rest on too few particles, the heaviest first."""
    bank = ready.bank
    by_id = {e.id: e for e in ready.explanations}
    refined: dict[str, Refined] = {}
    for _ in range(len(bank.ids)):
        logs = np.array(
            [
                refined[name].evidence.log if name in refined else e.log
                for name, e in zip(bank.ids, evidence, strict=True)
            ]
        )
        if not np.isfinite(logs[prior > 0]).any():
            return refined
        share = probabilities(prior, logs)
        hope = [_hope(share[i], e) for i, e in enumerate(evidence)]
        open_ = [
            i
            for i, (name, e) in enumerate(zip(bank.ids, evidence, strict=True))
            if name not in refined and prior[i] > 0 and e.ess < ENOUGH and hope[i] > MATTERS
        ]
        if not open_:
            return refined
        i = max(open_, key=lambda i: (hope[i], bank.ids[i]))
        name = bank.ids[i]
        if progress:
            progress(f"sampling: {name}", len(refined) / (len(refined) + len(open_)))
        heed(stop, f"sampling: {name}")
        own = Prior(ready.body, by_id[name], ready.exposure)
        r = bank.rows(name)
        u = own.draw(int(bank.drawn[i]), seed)[bank.index[r]]
        begin = Start(u, bank.log_readouts[r], bank.log_quantities[r])
        refined[name] = refine(ready.body, own, begin, likelihood, seed=seed, threads=threads, stop=stop)
    return refined


def _hope(share: float, evidence: Evidence) -> float:
    """Share that an explanation may have: at three standard errors above its estimate.

    More where so few particles carry it that the error itself is not known.
    """
    unknown = 2.0 if evidence.ess < 10 else 0.0
    return float(min(share * np.exp(3.0 * evidence.se + unknown), 1.0))


def drivers(posterior: Posterior) -> Array:
    """What each observation says for each explanation.

    Returns
    -------
    array, (n_explanations, n_observations)
        Change of the ln Bayes factor against ``none`` that the observation makes, given the others; for ``none`` itself
        against the prior mixture of all others. Positive speaks for the explanation.
    """
    full = _against_none(posterior, np.array([e.log for e in posterior.evidence]))
    found = np.empty_like(posterior.without)
    for k in range(posterior.without.shape[1]):
        found[:, k] = full - _against_none(posterior, posterior.without[:, k])
    return found


def _against_none(posterior: Posterior, log_evidence: Array) -> Array:
    none = posterior.ids.index("none")
    found = np.asarray(log_evidence - log_evidence[none], dtype=np.float64)
    others = np.delete(np.arange(len(posterior.ids)), none)
    with np.errstate(divide="ignore"):
        _, rest = normalise(np.log(posterior.prior[others]) + log_evidence[others])
    found[none] = log_evidence[none] - rest + np.log(max(1.0 - posterior.prior[none], 1e-300))
    return found
