"""What every id of a network becomes in a document, and what it is called there.

* A species of the source (``Network.places``) is a species, whatever it became; so is a state that reactions change.
* Where species are, is a compartment. Everything else is a parameter.
* ``S.amount`` with ``S := S.amount/V`` (`eutone.engine.amounts`) is what the species ``S`` holds in a compartment ``V``
  that changes size. SBML means just that by a species ``S`` there, so the two are written as one.
* ``reaction.k``, used in that reaction's rate alone, is its local parameter ``k``. Any other id that is none in SBML
  (it has a dot, or a space) is written with ``_`` in place of what may not stand there, and keeps its name as a name.
* ``time.own`` is ``time`` again: in SBML the clock is no id, and clashes with none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from eutone.engine.expr import Expr, const, symbol, symbols
from eutone.engine.network import Network
from eutone.engine.parts import OWN_TIME, RATE_OF, TIME

__all__ = ["UNSIZED", "Roles", "is_id", "roles_of"]

#: The compartment of species that are in none: it has no size, and their ids mean amounts. No id has a space.
UNSIZED = "no place"

_ID = re.compile(r"[A-Za-z_]\w*", re.ASCII)


@dataclass(frozen=True)
class Roles:
    """Who is what.

    Attributes
    ----------
    names : dict of str to str
        Id of the network to id of the document, where they differ.
    held : dict of str to str
        ``S.amount`` to ``S``.
    local : dict of str to str
        Local parameter to its reaction.
    compartments : tuple of str
        Without `UNSIZED`.
    species : dict of str to str
        Species of the document to the id in the network that has its value; they differ where it is held as an amount.
    homeless : tuple of str
        Species that are in `UNSIZED`.
    parameters : tuple of str
    changes : dict of str to Expr
        Right-hand sides of rate rules, by the id of the document's quantity. States that are not among them change by
        reactions, or by events alone.
    """

    names: dict[str, str]
    held: dict[str, str]
    local: dict[str, str]
    compartments: tuple[str, ...]
    species: dict[str, str]
    homeless: tuple[str, ...]
    parameters: tuple[str, ...]
    changes: dict[str, Expr]


def is_id(name: str) -> bool:
    """Whether ``name`` can be an id of SBML."""
    return _ID.fullmatch(name) is not None


def roles_of(network: Network) -> Roles:
    """What the ids of ``network`` become."""
    totals = _totals(network)
    held = _held(network, totals)
    local = _local(network)
    compartments = tuple(dict.fromkeys(place.compartment for place in network.places.values()))
    whole = {inner: name for name, inner in held.items()}
    species = {name: whole.get(name, name) for name in network.places}
    homeless = tuple(
        name for name in network.species if name not in (*species, *held, *compartments) and totals[name] is None
    )
    species |= {name: name for name in homeless}
    rest = (*network.parameters, *network.species, *(name for name, _ in network.rules), *network.constants)
    written = {*species, *species.values(), *compartments, *local}
    parameters = tuple(name for name in dict.fromkeys(rest) if name not in written)
    changes = {}
    assigned = {target for event in network.events for target, _ in event.assignments}
    for name, total in totals.items():
        if total is not None and not (total is const(0) and name in assigned):
            changes[held.get(name, name)] = total if name not in held else _of_concentration(network, held[name], total)
    names = _names(network, (*compartments, *species, *parameters, *([UNSIZED] if homeless else [])), local)
    return Roles(names, held, local, compartments, species, homeless, parameters, changes)


def _totals(network: Network) -> dict[str, Expr | None]:
    """How each state changes: None for what reactions do to it, else ``dx/dt``.

    What has a drift besides reactions (their stoichiometry changes) has one rate of change, in which reactions are
    named by their ids.
    """
    found: dict[str, Expr | None] = {}
    for name, row in zip(network.species, network.stoichiometry, strict=True):
        drift, moved = network.drift.get(name), np.flatnonzero(row)
        if len(moved) and (drift is None or drift is const(0)):
            found[name] = None
            continue
        total = drift if drift is not None else const(0)
        for j in moved:
            total = total + float(row[j]) * symbol(network.reactions[j])
        found[name] = total
    return found


def _held(network: Network, totals: dict[str, Expr | None]) -> dict[str, str]:
    rules, found = dict(network.rules), {}
    parameters = {*network.parameters}
    for name, place in network.places.items():
        inside = f"{name}.amount"
        if place.amount or place.size.op != "symbol" or rules.get(name) is not symbol(inside) / place.size:
            continue
        if inside in network.species:
            # a rate of change is asked of the size; SBML allows that of everything but the target of a rule
            fits = totals[inside] is None or place.compartment in network.species
        else:
            fits = inside in parameters or (inside in rules and symbols(rules[inside]) <= parameters)
        if fits:
            found[inside] = name
    return found


def _of_concentration(network: Network, name: str, total: Expr) -> Expr:
    """``dc/dt = (dn/dt - c dV/dt)/V``."""
    where = network.places[name].compartment
    still = network.drift.get(where) is const(0) and not network.stoichiometry[network.species.index(where)].any()
    growth = const(0) if still else symbol(name) * symbol(RATE_OF + where)
    return (total - growth) / symbol(where)


def _local(network: Network) -> dict[str, str]:
    users: dict[str, set[str]] = {}
    for reaction, rate in zip(network.reactions, network.rates, strict=True):
        for name in symbols(rate):
            users.setdefault(name, set()).add(reaction)
    others = [*dict(network.rules).values(), *network.drift.values(), *network.initials.values()]
    others += [e for event in network.events for e in event.expressions()]
    elsewhere = symbols(*others)
    found = {}
    for name in network.parameters:
        reaction, dot, inner = name.rpartition(".")
        if not dot or reaction not in network.reactions or not is_id(inner) or name in elsewhere:
            continue
        hides = reaction in users.get(OWN_TIME if inner == TIME else inner, ())
        if users.get(name, {reaction}) == {reaction} and not hides:
            found[name] = reaction
    return found


def _names(network: Network, quantities: Iterable[str], local: dict[str, str]) -> dict[str, str]:
    names = {name: name.rpartition(".")[2] for name in local}
    ids = dict.fromkeys((*quantities, *network.reactions))
    taken = {*ids, *names.values(), *(event.id for event in network.events), TIME}
    for name in ids:
        if is_id(name) and name != TIME:
            continue
        if name == OWN_TIME:
            names[name] = TIME
            continue
        wanted = re.sub(r"\W", "_", name, flags=re.ASCII)
        wanted = wanted if is_id(wanted) else f"_{wanted}"
        fresh, number = wanted, 2
        while fresh in taken:
            fresh, number = f"{wanted}_{number}", number + 1
        names[name] = fresh
        taken.add(fresh)
    return names
