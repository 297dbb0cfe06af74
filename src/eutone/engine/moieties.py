"""Conserved moieties: what the reactions only pass around, found exactly, and the state split by them.

A row vector ``g`` with ``g @ N = 0`` (``N``: net stoichiometry in amounts) is a conservation law: ``g @ amounts`` never
changes. The published terminals conserve BH2 + BH4, so their plain Jacobian is singular and a plain Newton iteration
drifts to another total; with one species per law eliminated the rest is regular. Stoichiometries are rational numbers,
so this is done in fractions: no tolerance decides what is conserved.

Of the many bases of laws one of non-negative laws is preferred (elemental pools such as "BH2 + BH4"), found as the
minimal non-negative laws of each block of species (Schuster and Höfer, J Chem Soc Faraday Trans 1991, 87:2561).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eutone._errors import ModelError
from eutone.engine.network import Network

__all__ = ["Moieties", "conserved_moieties", "restore", "totals"]

_Row = dict[int, Fraction]

#: More candidate laws than this in one block: give up the search for non-negative ones, keep the plain basis.
_MANY = 1000


@dataclass(frozen=True)
class Moieties:
    """Conservation laws and the split of the state that they allow: ``x_dependent = link @ x_independent + totals``.

    Attributes
    ----------
    laws : array, (n_laws, n_species)
        ``laws @ x`` is constant. Integers times the compartment sizes of concentrations.
    dependent : array of int, (n_laws,)
        One species per law, the one that holds most of it in the default state (least cancellation).
    independent : array of int, (n_species - n_laws,)
        The other species, in order.
    link : array, (n_laws, n_species - n_laws)
        How the dependent species follow from the independent ones.
    """

    laws: NDArray[np.float64]
    dependent: NDArray[np.intp]
    independent: NDArray[np.intp]
    link: NDArray[np.float64]


def totals(moieties: Moieties, state: ArrayLike) -> NDArray[np.float64]:
    """The constants of the split at ``state``, shape (..., n_species) to (..., n_laws)."""
    x = np.asarray(state, dtype=np.float64)
    result: NDArray[np.float64] = x[..., moieties.dependent] - x[..., moieties.independent] @ moieties.link.T
    return result


def restore(moieties: Moieties, independent: ArrayLike, constants: ArrayLike) -> NDArray[np.float64]:
    """The whole state from its independent part (..., n_independent) and the constants that `totals` gives."""
    part = np.asarray(independent, dtype=np.float64)
    state = np.empty((*part.shape[:-1], len(moieties.dependent) + len(moieties.independent)))
    state[..., moieties.independent] = part
    state[..., moieties.dependent] = part @ moieties.link.T + np.asarray(constants)
    return state


def conserved_moieties(network: Network) -> Moieties:
    """Find what ``network`` conserves.

    Targets of rate rules are never conserved: their drift is not stoichiometry.

    Raises
    ------
    ModelError
        If a stoichiometry is not a rational number with a denominator of at most ten thousand.
    """
    n = len(network.species)
    volumes = network.volumes if len(network.volumes) else np.ones(n)
    rows = {
        i: {j: _fraction(network, i, j, volumes[i]) for j in np.flatnonzero(network.stoichiometry[i]).tolist()}
        for i in range(n)
        if network.species[i] not in network.drift
    }
    basis = _independent(_positive(_null(rows), rows))
    weights = np.abs(network.initial) * volumes
    reduced, pivots = _reduced(basis, weights)
    free = [i for i in range(n) if i not in set(pivots)]
    link = np.zeros((len(pivots), len(free)))
    for k, (row, pivot) in enumerate(zip(reduced, pivots, strict=True)):
        for m, i in enumerate(free):
            if i in row:
                link[k, m] = -float(row[i]) * volumes[i] / volumes[pivot]
    laws = np.zeros((len(basis), n))
    for k, law in enumerate(basis):
        for i, value in law.items():
            laws[k, i] = float(value) * volumes[i]
    return Moieties(laws, np.array(pivots, dtype=np.intp), np.array(free, dtype=np.intp), link)


def _fraction(network: Network, i: int, j: int, volume: float) -> Fraction:
    value = float(network.stoichiometry[i, j] * volume)
    exact = Fraction(value).limit_denominator(10_000)
    if abs(float(exact) - value) > 1e-12 * abs(value):
        raise ModelError(
            f"{network.name}: the stoichiometry {value!r} of '{network.species[i]}' in "
            f"'{network.reactions[j]}' is not a simple fraction"
        )
    return exact


def _add(row: _Row, factor: Fraction, other: _Row) -> None:
    for key, value in other.items():
        total = row.get(key, Fraction(0)) + factor * value
        if total:
            row[key] = total
        else:
            row.pop(key, None)


def _null(rows: dict[int, _Row]) -> list[_Row]:
    """A basis of the combinations of ``rows`` that vanish, by elimination on short rows first."""
    work = {i: (dict(row), {i: Fraction(1)}) for i, row in rows.items()}
    found = []
    while work:
        i = min(work, key=lambda k: (len(work[k][0]), k))
        row, combination = work.pop(i)
        if not row:
            found.append(_whole(combination))
            continue
        pivot = min(row, key=lambda j: (sum(j in other for other, _ in work.values()), j))
        for other, parts in work.values():
            if pivot in other:
                factor = -other[pivot] / row[pivot]
                _add(other, factor, row)
                _add(parts, factor, combination)
    return found


def _whole(law: _Row) -> _Row:
    """``law`` scaled to coprime integers, mostly positive."""
    scale = Fraction(lcm(*(v.denominator for v in law.values())), 1)
    scale /= gcd(*(int(v * scale) for v in law.values()))
    if sum(v > 0 for v in law.values()) * 2 < len(law):
        scale = -scale
    return {i: law[i] * scale for i in sorted(law)}


def _positive(basis: list[_Row], rows: dict[int, _Row]) -> list[_Row]:
    """Non-negative laws where there are any, then ``basis`` for what they do not span."""
    found: list[_Row] = []
    for block in _blocks(basis):
        found.extend(_extreme({i: rows[i] for i in sorted(block)}))
    return [*sorted(found, key=lambda law: (len(law), sum(law.values()), min(law))), *basis]


def _blocks(basis: list[_Row]) -> list[set[int]]:
    """Sets of species that share laws."""
    blocks: list[set[int]] = []
    for law in basis:
        joined = set(law).union(*(b for b in blocks if not b.isdisjoint(law)))
        blocks = [b for b in blocks if b.isdisjoint(law)] + [joined]
    return blocks


def _extreme(rows: dict[int, _Row]) -> list[_Row]:
    """Minimal non-negative combinations of ``rows`` that vanish; none if there are too many candidates."""
    candidates = [(dict(row), {i: Fraction(1)}) for i, row in rows.items()]
    for column in sorted({j for row in rows.values() for j in row}):
        up = [c for c in candidates if c[0].get(column, 0) > 0]
        down = [c for c in candidates if c[0].get(column, 0) < 0]
        kept = [c for c in candidates if column not in c[0]]
        if len(up) * len(down) + len(kept) > _MANY:
            return []
        for row_a, law_a in up:
            for row_b, law_b in down:
                row, law = dict(row_a), dict(law_a)
                factor = -row_a[column] / row_b[column]
                _add(row, factor, row_b)
                _add(law, factor, law_b)
                kept.append((row, law))
        supports = [frozenset(law) for _, law in kept]
        candidates = [
            c
            for k, c in enumerate(kept)
            if not any(s < supports[k] or (s == supports[k] and m < k) for m, s in enumerate(supports))
        ]
    return [_whole(law) for _, law in candidates]


def _independent(laws: list[_Row]) -> list[_Row]:
    """The first of ``laws`` that are linearly independent."""
    chosen: list[_Row] = []
    echelon: list[tuple[int, _Row]] = []
    for law in laws:
        rest = dict(law)
        for pivot, row in echelon:
            if pivot in rest:
                _add(rest, -rest[pivot] / row[pivot], row)
        if rest:
            echelon.append((min(rest), rest))
            chosen.append(law)
    return chosen


def _reduced(laws: list[_Row], weights: NDArray[np.float64]) -> tuple[list[_Row], list[int]]:
    """``laws`` combined so that each has coefficient 1 at a species of its own, the heaviest, and 0 at the others'."""
    rows = [dict(law) for law in laws]
    pivots: list[int] = []
    for k, row in enumerate(rows):
        pivot = max(row, key=lambda i: (float(abs(row[i])) * weights[i], -i))
        pivots.append(pivot)
        scale = 1 / row[pivot]
        rows[k] = row = {i: v * scale for i, v in row.items()}
        for m, other in enumerate(rows):
            if m != k and pivot in other:
                _add(other, -other[pivot], row)
    return rows, pivots
