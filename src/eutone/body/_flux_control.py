"""Can a defect show? The control of an enzyme's product by its activity, found from the network alone.

At steady state a chain without branches carries the flux of its first step whatever its enzymes do: a loss then shows
in nothing but the precursor. Every substrate needs another exit, and this module finds out whether it has one. For each
factor (an enzyme's or transporter's relative activity) the products are the species made by reactions whose rate
contains the factor, directly or through rules. Their control is ``d ln(product) / d ln(activity)`` at a small residual
activity. Where such a reaction makes nothing that the model follows (a removal), what it removes counts; then the mean
control over the whole way down to the residual is taken, since a removal that is gone has shown all that it can show.

Isoenzymes are taken together. They are found, too: two factors are isoenzymes if some reaction runs without either but
not without both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone.engine import Network, compile_network, solve_steady
from eutone.engine.expr import Expr, evaluate, substitute, symbols

__all__ = ["Control", "controls", "isoenzymes", "products"]

_STEP = 0.02  # half width of the difference in ln(activity)
_GONE = 1e-9  # share of a rate that counts as none


@dataclass(frozen=True)
class Control:
    """How the products of one step answer to its activity.

    Attributes
    ----------
    factors : tuple of str
        Flat ids that are lowered together.
    made : dict of str to float
        ``d ln(species) / d ln(activity)`` at the residual, by species that the step makes.
    removed : dict of str to float
        The mean of it between the default activity and the residual, by species that the step removes without making
        anything.
    status : tuple of int
        `eutone.engine.Status` of the two solves at the residual.
    """

    factors: tuple[str, ...]
    made: dict[str, float]
    removed: dict[str, float]
    status: tuple[int, int]

    @property
    def best(self) -> float:
        """The largest control in the expected direction: products fall with the activity, what is removed rises."""
        return max([*self.made.values(), *(-c for c in self.removed.values())], default=float("nan"))


def _rates(network: Network) -> list[Expr]:
    """The rates over species and parameters, rules written out (a rule may name a reaction: its rate)."""
    return substitute(list(network.rates), network.inlined())


def products(network: Network, factor: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Species made by the reactions whose rate depends on ``factor``, and species removed by those that make none."""
    made: set[str] = set()
    removed: set[str] = set()
    for j, rate in enumerate(_rates(network)):
        if factor not in symbols(rate):
            continue
        column = network.stoichiometry[:, j]
        if (column > 0).any():
            made |= {network.species[i] for i in np.flatnonzero(column > 0)}
        else:
            removed |= {network.species[i] for i in np.flatnonzero(column < 0)}
    return tuple(sorted(made)), tuple(sorted(removed))


def isoenzymes(network: Network, factors: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """``factors`` in groups, each of those that stand in for one another in some reaction."""
    values = dict(zip(network.species, network.initial.tolist(), strict=True))
    values.update(zip(network.parameters, network.values.tolist(), strict=True))

    def run(rate: Expr, *off: str) -> float:
        return abs(float(np.asarray(evaluate([rate], {**values, **dict.fromkeys(off, 0.0)})[0])))

    group = {f: {f} for f in factors}
    for rate in _rates(network):
        inside = [f for f in factors if f in symbols(rate)]
        least = _GONE * run(rate)
        for k, f in enumerate(inside):
            for g in inside[k + 1 :]:
                if run(rate, f) > least and run(rate, g) > least and run(rate, f, g) <= least:
                    group[f] |= group[g]
                    for member in group[f]:
                        group[member] = group[f]
    return tuple(sorted({tuple(sorted(members)) for members in group.values()}))


def controls(network: Network, factors: Sequence[str], residual: float = 0.01) -> tuple[Control, ...]:
    """The control of its products for each step among ``factors``, at ``residual`` of the default activity.

    Parameters
    ----------
    network : Network
    factors : sequence of str
        Flat ids of relative activities.
    residual : float
        Activity that is left, between 0 and 1.

    Returns
    -------
    tuple of Control
        One per group of isoenzymes. Controls are not a number where a solve did not converge (see ``status``).
    """
    groups = isoenzymes(network, factors)
    compiled = compile_network(network, free=tuple(factors), observables=())
    default = np.array([network.values[network.parameters.index(f)] for f in factors])
    values = np.tile(default, (2 * len(groups) + 1, 1))  # the last row stays at the default
    for k, group in enumerate(groups):
        columns = [list(factors).index(f) for f in group]
        values[2 * k, columns] *= residual * np.exp(-_STEP)
        values[2 * k + 1, columns] *= residual * np.exp(_STEP)
    solved = solve_steady(compiled, values)
    states: NDArray[np.float64] = np.where(solved.converged[:, None], solved.states, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(states)
    slopes = (logs[1:-1:2] - logs[:-1:2]) / (2 * _STEP)
    means = (logs[-1] - (logs[1:-1:2] + logs[:-1:2]) / 2) / -np.log(residual)
    index = {name: i for i, name in enumerate(network.species)}
    found = []
    for k, group in enumerate(groups):
        made, removed = (set().union(*parts) for parts in zip(*(products(network, f) for f in group), strict=True))
        found.append(
            Control(
                group,
                {s: float(slopes[k, index[s]]) for s in sorted(made)},
                {s: float(means[k, index[s]]) for s in sorted(removed)},
                (int(solved.status[2 * k]), int(solved.status[2 * k + 1])),
            )
        )
    return tuple(found)
