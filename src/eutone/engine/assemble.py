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

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from eutone._errors import ModelError
from eutone.engine.expr import Expr, const, evaluate, substitute, symbol, symbols
from eutone.engine.network import Network

__all__ = ["TIME", "Parts", "Quantity", "Reaction", "assemble"]

TIME = "time"


@dataclass(frozen=True)
class Quantity:
    """A compartment, parameter or species, as written.

    ``value`` is None where the source gives none. For a species, ``amount`` says that its id means an amount in
    expressions (else a concentration), and ``given_amount`` that ``value`` is one. ``fixed`` species are not changed by
    reactions (boundary condition).
    """

    kind: str
    value: float | None
    compartment: str = ""
    amount: bool = True
    given_amount: bool = True
    fixed: bool = False


@dataclass(frozen=True)
class Reaction:
    """A rate (amount per time) and the net stoichiometry of what it changes, boundary species included."""

    rate: Expr
    stoichiometry: Mapping[str, float]


@dataclass(frozen=True)
class Parts:
    """A model as written: quantities in the source's order, and the expressions that set or change them."""

    name: str
    quantities: dict[str, Quantity]
    reactions: dict[str, Reaction] = field(default_factory=dict)
    initial_assignments: dict[str, Expr] = field(default_factory=dict)
    rules: dict[str, Expr] = field(default_factory=dict)
    rate_rules: dict[str, Expr] = field(default_factory=dict)


def assemble(parts: Parts) -> Network:
    """The network that ``parts`` describe.

    Raises
    ------
    ModelError
        If a value is missing, definitions go round in a circle, a size changes, or something is determined twice.
    """
    parts = _expand_reactions(parts)
    state = _state(parts)
    _refuse(parts, state)
    sizes = _sizes_needed(parts)
    starts = _starts(parts)
    frozen = _dependencies(sizes, starts)
    numbers: dict[str, float] = {}  # what callers may set
    folded: dict[str, Expr] = {}  # what became a number of the model
    resolved: dict[str, Expr] = {TIME: const(0)}
    derived: dict[str, Expr] = {}
    for name in _ordered(starts, "initial values"):
        (value,) = substitute([starts[name]], resolved)
        settable = name not in state and name not in parts.rules
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
    rules = dict(zip(rules, substitute(list(rules.values()), folded), strict=True))
    drift = dict(zip(parts.rate_rules, substitute(list(parts.rate_rules.values()), folded), strict=True))
    rates = substitute([r.rate for r in parts.reactions.values()], folded)
    parameters = tuple(name for name in parts.quantities if name in numbers)
    defaults = np.array([numbers[name] for name in parameters])
    default_values = dict(zip(parameters, defaults, strict=True))
    initials = {name: resolved[name] for name in state}
    initial = np.array([float(np.asarray(v)) for v in evaluate(list(initials.values()), default_values)])
    volumes = np.array([_volume(parts, name, folded) for name in state])
    stoichiometry = np.array(
        [[r.stoichiometry.get(name, 0.0) for r in parts.reactions.values()] for name in state], dtype=np.float64
    ).reshape(len(state), len(parts.reactions))
    for i, name in enumerate(state):
        if name in parts.rate_rules:
            stoichiometry[i] = 0.0  # only a boundary species may have both
    return Network(
        name=parts.name,
        species=state,
        initial=initial,
        parameters=parameters,
        values=defaults,
        reactions=tuple(parts.reactions),
        rates=tuple(rates),
        stoichiometry=stoichiometry / volumes[:, None] if state else stoichiometry,
        rules=tuple((name, rules[name]) for name in _ordered(rules, "assignment rules")),
        drift=drift,
        explicit_time=TIME in symbols(*rates, *rules.values(), *drift.values()),
        initials={name: value for name, value in initials.items() if value.op != "const"},
        volumes=volumes,
    )


def _expand_reactions(parts: Parts) -> Parts:
    """``parts`` with reaction ids in expressions replaced by the reactions' rates."""
    rates = {name: reaction.rate for name, reaction in parts.reactions.items()}
    expanded: dict[str, Expr] = {}
    for name in _ordered(rates, "reaction rates"):
        (expanded[name],) = substitute([rates[name]], expanded)

    def replaced(table: dict[str, Expr]) -> dict[str, Expr]:
        return dict(zip(table, substitute(list(table.values()), expanded), strict=True))

    return Parts(
        parts.name,
        parts.quantities,
        {name: Reaction(expanded[name], r.stoichiometry) for name, r in parts.reactions.items()},
        replaced(parts.initial_assignments),
        replaced(parts.rules),
        replaced(parts.rate_rules),
    )


def _state(parts: Parts) -> tuple[str, ...]:
    changed = {s for r in parts.reactions.values() for s, n in r.stoichiometry.items() if n != 0}
    return tuple(
        name for name, q in parts.quantities.items() if name in parts.rate_rules or (name in changed and not q.fixed)
    )


def _refuse(parts: Parts, state: tuple[str, ...]) -> None:
    """Refuse what is undefined, undetermined or determined twice."""
    known = set(parts.quantities) | {TIME}
    for what, table in (
        ("initial assignment of", parts.initial_assignments),
        ("assignment rule for", parts.rules),
        ("rate rule for", parts.rate_rules),
        ("rate of", {name: r.rate for name, r in parts.reactions.items()}),
    ):
        for name, expression in table.items():
            if unknown := sorted(symbols(expression) - known):
                raise ModelError(f"{parts.name}: the {what} '{name}' uses '{unknown[0]}', which is not defined")
    for name in (*parts.rules, *parts.rate_rules):
        if parts.quantities[name].kind == "compartment":
            raise ModelError(f"{parts.name}: compartment '{name}' changes (rule), which is not supported")
    for name in set(parts.rules) & (set(state) | set(parts.rate_rules)):
        raise ModelError(f"{parts.name}: '{name}' is set by an assignment rule and changed by a reaction or rate rule")
    for name in parts.rate_rules:
        if not parts.quantities[name].fixed and any(r.stoichiometry.get(name, 0) for r in parts.reactions.values()):
            raise ModelError(f"{parts.name}: species '{name}' is changed both by a rate rule and by reactions")


def _sizes_needed(parts: Parts) -> set[str]:
    """Compartments whose size turns an amount into a concentration or back."""
    return {
        q.compartment
        for q in parts.quantities.values()
        if q.kind == "species" and not (q.amount and (q.given_amount or q.value is None))
    }


def _starts(parts: Parts) -> dict[str, Expr]:
    """What each quantity is at time 0, in the sense that its id has in expressions."""
    starts = {}
    used = symbols(*_written(parts)) | _sizes_needed(parts)
    for name, q in parts.quantities.items():
        written = parts.rules.get(name, parts.initial_assignments.get(name))
        if written is not None:
            starts[name] = written
        elif q.value is None:
            if q.kind == "compartment" and name not in used:
                continue  # a place and no more
            raise ModelError(f"{parts.name}: {q.kind} '{name}' has no value")
        elif q.kind != "species" or q.amount == q.given_amount:
            starts[name] = const(q.value)
        else:
            size = symbol(q.compartment)
            starts[name] = const(q.value) * size if q.amount else const(q.value) / size
    return starts


def _written(parts: Parts) -> list[Expr]:
    return [
        *parts.initial_assignments.values(),
        *parts.rules.values(),
        *parts.rate_rules.values(),
        *(r.rate for r in parts.reactions.values()),
    ]


def _dependencies(names: Iterable[str], table: Mapping[str, Expr]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in table:
            found.add(name)
            waiting.extend(symbols(table[name]))
    return found


def _volume(parts: Parts, name: str, folded: Mapping[str, Expr]) -> float:
    q = parts.quantities[name]
    if q.kind != "species" or q.amount or name in parts.rate_rules:
        return 1.0
    size = folded.get(q.compartment)
    if size is None or not float(size.value or 0) > 0:
        raise ModelError(f"{parts.name}: compartment '{q.compartment}' has no constant positive size")
    return float(size.value or 0)


def _ordered(table: Mapping[str, Expr], what: str) -> list[str]:
    """The keys of ``table``, each after those that its expression uses, else in the table's order."""
    order: dict[str, None] = {}
    open_: set[str] = set()
    for root in table:
        stack = [(root, False)]
        while stack:
            name, ready = stack.pop()
            if ready:
                open_.discard(name)
                order.setdefault(name)
            elif name not in order:
                if name in open_:
                    raise ModelError(f"the {what} go round in a circle through '{name}'")
                open_.add(name)
                stack.append((name, True))
                stack.extend((s, False) for s in sorted(symbols(table[name])) if s in table and s not in order)
    return list(order)
