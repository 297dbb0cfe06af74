"""From the parts of a model to a `Network`: who is state, who is parameter, what starts where, in which order.

`eutone.engine.source` reads a file into `Parts` (ids, numbers and expressions, as written); this module gives them
their meaning. It knows SBML's semantics but no SBML library.

* A species that reactions change, and the target of a rate rule, is *state*.
* What has an assignment rule is a *rule*. So is a constant whose initial assignment depends on parameters: it holds at
  all times, and changing such a parameter must carry through to it.
* Everything else is a *parameter*: settable, with a number as default.
* A compartment whose size is needed to turn amounts into concentrations is a *number*: it is folded into the
  stoichiometry and every expression, with everything it depends on, and is not settable.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eutone._errors import ModelError
from eutone.engine.amounts import hold_amounts
from eutone.engine.expand import expand
from eutone.engine.expr import Expr, const, evaluate, substitute, symbol, symbols
from eutone.engine.network import Network, Place
from eutone.engine.parts import RATE_OF, TIME, Parts, dependencies, ordered
from eutone.engine.undefined import first_values, no_value

__all__ = ["assemble"]


def assemble(parts: Parts) -> Network:
    """The network that ``parts`` describe.

    Raises
    ------
    ModelError
        If a value is missing, definitions go round in a circle, a size changes, or something is determined twice.
    """
    species = {name: q for name, q in parts.quantities.items() if q.kind == "species"}
    named = {name.removeprefix(RATE_OF) for name in symbols(*parts.written())}
    parts = expand(hold_amounts(parts))
    state = _state(parts)
    _refuse(parts, state)
    missing = _missing(parts, named | _numbers_needed(parts) | set(state))
    starts = _starts(parts, missing)
    frozen = dependencies(_numbers_needed(parts), starts)
    numbers: dict[str, float] = {}  # what callers may set
    folded: dict[str, Expr] = {}  # what became a number of the model
    resolved: dict[str, Expr] = {TIME: const(0)}
    derived: dict[str, Expr] = {}
    for name in ordered(starts, "initial values"):
        (value,) = substitute([starts[name]], resolved)
        settable = name not in state and name not in parts.rules
        if settable and value.op != "const" and not symbols(value):
            value = const(float(np.asarray(evaluate([value], {})[0])))  # not finite, so not folded when it was built
        if settable and value.op == "const":
            if name in frozen:
                folded[name] = resolved[name] = value
            else:
                numbers[name], resolved[name] = float(value.value or 0), symbol(name)
        else:
            resolved[name] = value
            if settable:
                derived[name] = value
    rules = parts.rules | derived
    parts = parts.mapped(lambda expressions: substitute(expressions, folded))
    rules = dict(zip(rules, substitute(list(rules.values()), folded), strict=True))
    rates = [r.rate for r in parts.reactions.values()]
    parameters = tuple(name for name in parts.quantities if name in numbers)
    defaults = np.array([numbers[name] for name in parameters])
    default_values = dict(zip(parameters, defaults, strict=True))
    initials = {name: resolved[name] for name in state}
    initial = np.array([float(np.asarray(v)) for v in evaluate(list(initials.values()), default_values)])
    volumes = np.array([_volume(parts, name, folded) for name in state])
    stoichiometry, drift = _changes(parts, state, volumes, folded)
    network = Network(
        name=parts.name,
        species=state,
        initial=initial,
        parameters=parameters,
        values=defaults,
        reactions=tuple(parts.reactions),
        rates=tuple(rates),
        stoichiometry=stoichiometry,
        rules=tuple((name, rules[name]) for name in ordered(rules, "assignment rules")),
        drift=drift,
        explicit_time=TIME
        in symbols(*rates, *rules.values(), *drift.values(), *(e for v in parts.events for e in v.expressions())),
        initials={name: value for name, value in initials.items() if value.op != "const"},
        volumes=volumes,
        events=parts.events,
        constants={name: float(value.value or 0) for name, value in folded.items()},
        places={
            name: Place(q.compartment, folded.get(q.compartment, symbol(q.compartment)), q.amount)
            for name, q in species.items()
            if q.compartment in starts
        },
    )
    if missing:
        return replace(network, initial=first_values(parts, starts, missing, network))
    return network


def _changes(
    parts: Parts, state: tuple[str, ...], volumes: NDArray[np.float64], folded: Mapping[str, Expr]
) -> tuple[NDArray[np.float64], dict[str, Expr]]:
    """The matrix of stoichiometries that are numbers, and what else changes the state: rate rules, and the rest.

    What only events change drifts by 0. A stoichiometry that changes makes a term of the drift.
    """
    matrix = np.zeros((len(state), len(parts.reactions)))
    row, moved = {name: i for i, name in enumerate(state)}, parts.moved()
    terms: dict[str, Expr] = {name: const(0) for name in state if name not in moved}
    for j, reaction in enumerate(parts.reactions.values()):
        for name in reaction.stoichiometry.keys() & moved:
            number, conversion = reaction.stoichiometry[name], parts.quantities[name].conversion
            if conversion and number != 0.0:
                number = number * folded.get(conversion, symbol(conversion))
            if not isinstance(number, Expr):
                matrix[row[name], j] = number
            elif number.op == "const":
                matrix[row[name], j] = float(number.value or 0)
            else:
                terms[name] = terms.get(name, const(0)) + number * reaction.rate / float(volumes[row[name]])
    drift = parts.rate_rules | {name: terms[name] for name in state if name in terms and name not in parts.rate_rules}
    return (matrix / volumes[:, None] if state else matrix), drift


def _state(parts: Parts) -> tuple[str, ...]:
    changed = parts.rate_rules.keys() | parts.assigned() | parts.moved()
    return tuple(name for name in parts.quantities if name in changed)


def _refuse(parts: Parts, state: tuple[str, ...]) -> None:
    """Refuse what is undefined, undetermined or determined twice."""
    known = set(parts.quantities) | {TIME}
    for what, table in (
        ("initial assignment of", _listed(parts.initial_assignments)),
        ("assignment rule for", _listed(parts.rules)),
        ("rate rule for", _listed(parts.rate_rules)),
        ("rate of", {name: r.expressions() for name, r in parts.reactions.items()}),
        ("event", {event.id: event.expressions() for event in parts.events}),
    ):
        for name, expressions in table.items():
            if unknown := sorted(symbols(*expressions) - known):
                raise ModelError(f"{parts.name}: the {what} '{name}' uses '{unknown[0]}', which is not defined")
    moved = parts.moved()
    for name in state:
        if name in parts.rules:
            by = "reaction or rate rule" if name in parts.rate_rules or name in moved else "event"
            raise ModelError(f"{parts.name}: '{name}' is set by an assignment rule and changed by a {by}")
    for name, q in parts.quantities.items():
        if name in parts.rate_rules and name in moved:
            raise ModelError(f"{parts.name}: species '{name}' is changed both by a rate rule and by reactions")
        placed = q.kind == "species" and (q.compartment or not q.amount)
        if placed and _kind(parts, q.compartment) != "compartment":
            raise ModelError(
                f"{parts.name}: species '{name}' is in compartment '{q.compartment}', which is not defined"
            )
        if q.conversion and _kind(parts, q.conversion) != "parameter":
            raise ModelError(f"{parts.name}: the conversion factor '{q.conversion}' is not defined")


def _kind(parts: Parts, name: str) -> str:
    return parts.quantities[name].kind if name in parts.quantities else ""


def _listed(table: Mapping[str, Expr]) -> dict[str, list[Expr]]:
    return {name: [expression] for name, expression in table.items()}


def _numbers_needed(parts: Parts) -> set[str]:
    """What is folded into the matrix: sizes, stoichiometries that nothing changes, conversion factors."""
    change = parts.rules.keys() | parts.rate_rules.keys() | parts.assigned()
    stoichiometries = {name for name, q in parts.quantities.items() if q.kind == "stoichiometry" and name not in change}
    conversions = {q.conversion for q in parts.quantities.values() if q.conversion}
    return _sizes_needed(parts) | stoichiometries | conversions


def _sizes_needed(parts: Parts) -> set[str]:
    """Compartments whose size turns an amount into a concentration or back."""
    return {
        q.compartment
        for q in parts.quantities.values()
        if q.kind == "species" and not (q.amount and (q.given_amount or q.value is None))
    }


def _missing(parts: Parts, used: set[str]) -> list[str]:
    """What is used and has no value; events must set it at time 0 (`eutone.engine.undefined`).

    Raises
    ------
    ModelError
        If no event sets it.
    """
    set_ = parts.rules.keys() | parts.initial_assignments.keys()
    missing = [name for name, q in parts.quantities.items() if q.value is None and name in used and name not in set_]
    for name in missing:
        if name not in parts.assigned():
            raise no_value(parts, name)
    return missing


def _starts(parts: Parts, missing: Collection[str]) -> dict[str, Expr]:
    """What each quantity is at time 0, in the sense that its id has in expressions.

    What has no value and is not missing is a name and no more: it is left out.
    """
    starts = {}
    for name, q in parts.quantities.items():
        written = parts.rules.get(name, parts.initial_assignments.get(name))
        if written is not None:
            starts[name] = written
        elif q.value is None:
            if name in missing:
                starts[name] = const(math.nan)
        elif q.kind != "species" or q.amount == q.given_amount:
            starts[name] = const(q.value)
        else:
            size = symbol(q.compartment)
            starts[name] = const(q.value) * size if q.amount else const(q.value) / size
    return starts


def _volume(parts: Parts, name: str, folded: Mapping[str, Expr]) -> float:
    q = parts.quantities[name]
    if q.kind != "species" or q.amount or name in parts.rate_rules:
        return 1.0
    size = folded.get(q.compartment)
    if size is None or not float(size.value or 0) > 0:
        raise ModelError(f"{parts.name}: compartment '{q.compartment}' has no constant positive size")
    return float(size.value or 0)
