"""Causes that a panel cannot separate, found before anybody looks at the person.

People of every explanation are simulated with the panel's markers, noise, limits of detection and treatment. For each
pair of explanations the ratio of their evidences is a score; where it tells the people of one from those of the other
with an area under the curve below 0.7, the two are one class on this panel. Larger classes are joined while the mean
area between their members stays below 0.7: a chain of neighbours must not tie together what the panel does tell apart.

Only this step writes the noise as normal (with the same variance) and the shared factor with few nodes, because then
the likelihoods of thousands of people under thousands of particles are a matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eutone.inference import student
from eutone.inference.bank import Bank
from eutone.inference.likelihood import Likelihood, Observation, nodes
from eutone.inference.streams import stream

__all__ = ["SEPARATED", "Classes", "classes", "simulate"]

Array = NDArray[np.float64]
Single = NDArray[np.float32]

SEPARATED = 0.7
"""Area under the curve from which two causes count as separable."""

PEOPLE = 200
_PARTICLES = 400
_NODES = 5
_SMALL = 240_000
"""Multiplications in one small product."""

_FARTHEST = 15.0
"""ln folds are cut here: exp(15) is beyond any assay."""


@dataclass(frozen=True)
class Classes:
    """Which explanations a panel tells apart.

    Attributes
    ----------
    ids : tuple of str, (n,)
    auc : array, (n, n)
        Pairwise, symmetric, one on the diagonal's place 0.5.
    members : tuple of tuple of str
        The classes, each in the order of ``ids``.
    """

    ids: tuple[str, ...]
    auc: Array
    members: tuple[tuple[str, ...], ...]

    def of(self, explanation: str) -> tuple[str, ...]:
        """The class of ``explanation``, itself included."""
        return next(c for c in self.members if explanation in c)


def simulate(mu: Array, observations: Sequence[Observation], rng: np.random.Generator) -> Array:
    """Measured ln folds of people whose true ones are ``mu``, ``(n, n_observations)``: shared factor and own errors."""
    z = rng.standard_normal((mu.shape[0], 1))
    load = np.array([o.load for o in observations])
    scale = student.scale_of(np.array([o.sd for o in observations]))
    return np.asarray(mu + z * load + scale * student.sample(rng, mu.shape), dtype=np.float64)


def classes(bank: Bank, prior: Array, likelihood: Likelihood, *, seed: int = 0) -> Classes:
    """The classes of a panel, among explanations whose prior is above zero."""
    ids = tuple(e for e, p in zip(bank.ids, prior, strict=True) if p > 0)
    observations = likelihood.observations
    if not observations:
        return Classes(ids, np.full((len(ids), len(ids)), 0.5), (ids,))
    people, particles = [], []
    for name in ids:
        rng = stream(seed, "classes", name)
        rows = bank.rows(name)
        order = rows.start + rng.permutation(rows.stop - rows.start)
        truth = order[: min(PEOPLE, order.size // 2)]
        rest = np.resize(order[truth.size :], _PARTICLES)
        mu = np.stack([o.predicted(bank.log_readouts[truth]) for o in observations], axis=1)
        people.append(simulate(mu, observations, rng))
        particles.append(np.stack([o.predicted(bank.log_readouts[rest]) for o in observations], axis=1))
    scores = _scores(people, particles, observations)
    auc = np.full((len(ids), len(ids)), 0.5)
    for i in range(len(ids)):
        for j in range(i + 1, len(ids)):
            own, other = scores[i][:, i] - scores[i][:, j], scores[j][:, i] - scores[j][:, j]
            auc[i, j] = auc[j, i] = _area(own, other)
    return Classes(ids, auc, _joined(ids, auc))


def _area(own: Array, other: Array) -> float:
    """Probability that a score of ``own`` exceeds one of ``other``, ties counted half."""
    order = np.sort(other)
    below = np.searchsorted(order, own, side="left")
    upto = np.searchsorted(order, own, side="right")
    return float((below + upto).sum()) / (2.0 * own.size * other.size)


def _joined(ids: tuple[str, ...], auc: Array) -> tuple[tuple[str, ...], ...]:
    """Join the two classes whose members are hardest to tell apart on average, while that is below `SEPARATED`."""
    groups = [[i] for i in range(len(ids))]
    while len(groups) > 1:
        pairs = [(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups))]
        means = [float(auc[np.ix_(groups[i], groups[j])].mean()) for i, j in pairs]
        best = int(np.argmin(means))
        if means[best] >= SEPARATED:
            break
        i, j = pairs[best]
        groups[i] = sorted(groups[i] + groups.pop(j))
    return tuple(tuple(ids[i] for i in group) for group in sorted(groups))


def _scores(people: list[Array], particles: list[Array], observations: Sequence[Observation]) -> list[Array]:
    """Ln evidence of every explanation for every person, up to a constant per person; one array per explanation."""
    z, weights = nodes(_NODES)
    if all(o.load == 0 for o in observations):
        z, weights = np.zeros(1), np.ones(1)
    mu = np.clip(np.concatenate(particles), -_FARTHEST, _FARTHEST)
    columns = [
        _blocks(_particle_features(mu, observations, float(node), float(w))) for node, w in zip(z, weights, strict=True)
    ]
    found = []
    for y in people:
        rows = _person_features(np.clip(y, -_FARTHEST, _FARTHEST), observations)
        fits = [rows @ c for c in columns]
        top = np.max([f.max(axis=(0, 2)) for f in fits], axis=0)[None, :, None]
        total = np.zeros(fits[0].shape[:2])
        for f in fits:
            f -= top
            np.exp(f, out=f)
            total += f.sum(axis=2, dtype=np.float64)
        sums = total.reshape(len(people), -1, y.shape[0]).sum(axis=1).T / _PARTICLES
        found.append(np.log(np.maximum(sums, 1e-37)))
    return found


def _blocks(features: Single) -> Single:
    """Particles in blocks, ``(n_blocks, n_features, block)``, so small that no library shares a product among threads.

    Sharing would cost more than it saves, and its sums could depend on the number of threads.
    """
    most = _SMALL // (PEOPLE * features.shape[0])
    size = max(d for d in range(1, _PARTICLES + 1) if _PARTICLES % d == 0 and d <= max(most, 8))
    return np.ascontiguousarray(features.reshape(features.shape[0], -1, size).transpose(1, 0, 2))


def _limits(o: Observation) -> tuple[float, float]:
    """Bounds of the cells into which a person's value falls: outside them it is a number, unless ``o`` is in words."""
    return (o.cuts[0], o.cuts[1]) if o.cuts else (o.low[0], o.high[0])


def _person_features(y: Array, observations: Sequence[Observation]) -> Single:
    """Features whose product with `_particle_features` is the ln likelihood."""
    rows: list[NDArray[np.generic]] = [np.ones(y.shape[0])]
    for k, o in enumerate(observations):
        value = y[:, k]
        if o.measured:
            rows += [value / o.sd**2, np.full(value.size, -0.5)]
            continue
        low, high = _limits(o)
        if o.cuts:
            rows += [value <= low, (value > low) & (value <= high), value > high]
        else:
            hidden = (value > low) & (value <= high)
            rows += [hidden, np.where(hidden, 0.0, value / o.sd**2), np.where(hidden, 0.0, -0.5)]
            rows.append(np.where(hidden, 0.0, -0.5 * np.square(value) / o.sd**2 - np.log(o.sd * np.sqrt(2 * np.pi))))
    return np.stack([np.asarray(r, dtype=np.float32) for r in rows], axis=1)


def _particle_features(mu: Array, observations: Sequence[Observation], node: float, weight: float) -> Single:
    columns = [np.full(mu.shape[0], np.log(weight))]
    for k, o in enumerate(observations):
        m = mu[:, k] + o.load * node
        quadratic = [m, np.square(m) / o.sd**2]
        if o.measured:
            columns += quadratic
            continue
        low, high = _limits(o)
        scale = float(student.scale_of(o.sd))
        bounds = (-np.inf, low, high, np.inf) if o.cuts else (low, high)
        cells = [np.log(student.interval((a - m) / scale, (b - m) / scale)) for a, b in pairwise(bounds)]
        columns += cells if o.cuts else [cells[0], *quadratic, np.ones(mu.shape[0])]
    return np.stack([np.asarray(c, dtype=np.float32) for c in columns], axis=0)
