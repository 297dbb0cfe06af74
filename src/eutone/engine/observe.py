"""What a model computes besides its state: rules and rates of reactions, from states that are already known.

Courses are integrated for the state alone; what else is wanted follows from it, the parameters and the clock, and is
evaluated afterwards with `eutone.engine.expr.evaluate`, for many people and times at once, in pieces that fit a cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError, did_you_mean
from eutone.engine.dosing import Dose
from eutone.engine.expr import Expr, evaluate, substitute, symbol, symbols
from eutone.engine.network import Network

__all__ = ["Wanted", "observe", "wanted_of"]

Array = NDArray[np.float64]

_PIECE = 2**17  # numbers of one quantity at a time


@dataclass(frozen=True)
class Wanted:
    """What is to be shown of a course.

    Attributes
    ----------
    names : tuple of str
        Species, rules, reactions and parameters, in the order asked for.
    species : tuple of str
        The species that these need, in the network's order: what to keep while integrating.
    formulas : dict of str to Expr
        Those of ``names`` that are not species, over species, parameters and time.
    """

    names: tuple[str, ...]
    species: tuple[str, ...]
    formulas: dict[str, Expr]


def wanted_of(network: Network, names: Sequence[str] | None = None) -> Wanted:
    """Look ``names`` up; every species if None.

    Raises
    ------
    ModelError
        If one is nothing of the model, or is named twice.
    """
    if names is None:
        return Wanted(network.species, network.species, {})
    names = tuple(names)
    if len(set(names)) < len(names):
        raise ModelError(f"{network.name}: something is wanted twice")
    known = network.inlined()
    rates = dict(zip(network.reactions, network.rates, strict=True))
    formulas: dict[str, Expr] = {}
    for name in names:
        if name in network.species:
            continue
        if name in rates:
            formulas[name] = substitute([rates[name]], known)[0]
        elif name in known:
            formulas[name] = known[name]
        elif name in network.parameters:
            formulas[name] = symbol(name)
        else:
            near = did_you_mean(name, (*network.species, *known, *rates, *network.parameters))
            near = near and f". {near}"
            raise ModelError(f"{network.name}: '{name}' is no species, rule, reaction or parameter{near}")
    needed = set(names) | symbols(*formulas.values())
    # one species at least is kept: it shows from where a person was not reached
    return Wanted(names, tuple(s for s in network.species if s in needed) or network.species[:1], formulas)


def observe(
    network: Network,
    wanted: Wanted,
    times: Array,
    states: Array,
    free: Sequence[str] = (),
    values: Array | None = None,
    doses: Sequence[Dose] = (),
) -> list[Array]:
    """Each of ``wanted.names``, (n, n_times).

    Parameters
    ----------
    times : array, (n_times,)
    states : array, (n, n_times, n_kept)
        Of ``wanted.species``.
    free : sequence of str
    values : array, (n, n_free)
        Parameters that differ between people.
    doses : sequence of Dose
        Those to parameters change what is computed from these; numbers or arrays (n,).
    """
    n, count, _ = states.shape
    column = {name: k for k, name in enumerate(wanted.species)}
    found = [states[:, :, column[name]] if name in column else np.empty((n, count)) for name in wanted.names]
    if not wanted.formulas:
        return found
    needed = symbols(*wanted.formulas.values())
    constant: dict[str, object] = {
        name: float(value) for name, value in zip(network.parameters, network.values, strict=True) if name in needed
    }
    roots = list(wanted.formulas.values())
    size = max(1, _PIECE // max(count, 1))
    for low in range(0, n, size):
        part = slice(low, min(low + size, n))
        named = constant | {"time": times[None, :]}
        if values is not None:
            named |= {name: values[part, k, None] for k, name in enumerate(free) if name in needed}
        for dose in doses:
            if dose.target in needed and dose.target in named:
                named[dose.target] = np.asarray(named[dose.target]) + _raised(dose, times, part, n)
        named |= {name: states[part, :, k] for name, k in column.items() if name in needed}
        for name, value in zip(wanted.formulas, evaluate(roots, named), strict=True):
            target = found[wanted.names.index(name)][part]
            # who was not reached is not a number in everything, constants included
            lost = np.isnan(states[part]).any(axis=2)
            target[:] = np.where(lost, np.nan, np.asarray(value, dtype=np.float64))
    return found


def _raised(dose: Dose, times: Array, part: slice, n: int) -> Array:
    """By how much a dose raises its parameter, (k, n_times): from its time on, until before its end."""
    time, amount, duration = (
        np.broadcast_to(np.asarray(v, dtype=np.float64), (n,))[part, None]
        for v in (dose.time, dose.amount, dose.duration)
    )
    on = (times[None, :] >= time) & ((duration == 0) | (times[None, :] < time + duration))
    return np.asarray(np.where(on, amount, 0.0))
